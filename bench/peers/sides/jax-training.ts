// Training steps in the style of jax-js: jitted functions of all weights and moments, and optimizers, which it does not
// provide.
import { blockUntilReady, numpy, tree } from '@jax-js/jax';
import type { Side } from '../row.js';
import { array } from './jax.js';
import { isWeightMatrix, type Operand, training } from './tapehead.js';

type A = numpy.Array;
export type Arrays = Record<string, A>;

/** Converts a state dict to arrays; weight matrices are transposed to [inputs, outputs], the convention there. */
export function arrays(state: ReadonlyMap<string, Operand>): Arrays {
  return Object.fromEntries(
    [...state].map(([name, entry]) => [
      name,
      isWeightMatrix(name, entry) ? numpy.transpose(array(entry)) : array(entry),
    ]),
  );
}

export function zerosLike(of: Arrays): Arrays {
  return tree.map((x: A) => numpy.zeros(x.shape), of) as Arrays;
}

/** A training run from a pure step function, which owns its arguments. */
export function jaxTraining<State extends Record<string, Arrays>>(
  first: State,
  step: (state: State, count: number) => [loss: A, next: State],
): Side {
  let state = first;
  let count = 0;
  return training(async () => {
    const [loss, next] = step(state, ++count);
    state = next;
    await blockUntilReady(state);
    return (await loss.data())[0] as number;
  });
}

export const [beta1, beta2, eps] = [0.9, 0.999, 1e-8];

/** Bias corrections of Adam at a step: the factor of the mean (times the learning rate) and of the square. */
export function corrections(lr: number, step: number): [rate: number, square: number] {
  return [lr / (1 - beta1 ** step), 1 / (1 - beta2 ** step)];
}

export type AdamState = { weights: Arrays; means: Arrays; squares: Arrays };

export function adamState(weights: Arrays): AdamState {
  return { weights, means: zerosLike(weights), squares: zerosLike(weights) };
}

/** A step of Adam, for use under `jit`. */
export function adam(state: AdamState, gradients: Arrays, rate: A, square: A): AdamState {
  const next: AdamState = { weights: {}, means: {}, squares: {} };
  for (const [name, g] of Object.entries(gradients)) {
    const mean = of(state.means, name)
      .mul(beta1)
      .add(g.ref.mul(1 - beta1));
    const squares = of(state.squares, name)
      .mul(beta2)
      .add(g.ref.mul(g).mul(1 - beta2));
    const root = numpy.sqrt(squares.ref.mul(square.ref)).add(eps);
    next.weights[name] = of(state.weights, name).sub(mean.ref.mul(rate.ref).div(root));
    next.means[name] = mean;
    next.squares[name] = squares;
  }
  rate.dispose();
  square.dispose();
  return next;
}

/** Returns the array of that name. Throws a RangeError if there is none. */
export function of(arrays: Arrays, name: string): A {
  const found = arrays[name];
  if (found === undefined) throw new RangeError(`jax: missing array ${name}`);
  return found;
}
