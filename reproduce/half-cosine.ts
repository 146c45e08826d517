// Cosine decay of the learning rate (Loshchilov and Hutter 2017, without restarts).

/** Learning rate by step: `learningRate` at step 0, zero at step `steps`. */
export function halfCosine(learningRate: number, steps: number): (step: number) => number {
  return (step) => 0.5 * learningRate * (1 + Math.cos((Math.PI * step) / steps));
}
