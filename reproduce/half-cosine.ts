// A learning rate that falls along half a cosine (Loshchilov and Hutter 2017, without restarts).

/** `learningRate` at step 0, falling to zero at step `steps`. */
export function halfCosine(learningRate: number, steps: number): (step: number) => number {
  return (step) => 0.5 * learningRate * (1 + Math.cos((Math.PI * step) / steps));
}
