// What a bench knows of a piece of work: how to set it up, how to do it once, what it counts.
import type { Runtime, Shape, Tensor } from 'tapehead';
import { sum } from 'tapehead';

/** Work that is ready to be done, again and again. */
export interface Work {
  run(): void;
  /** Numbers that the work has produced, to see that it worked at all. */
  result(): Float32Array;
}

export interface BenchCase {
  readonly name: string;
  /** Floating-point operations of one run, where the rate of them says something. */
  readonly flop?: number;
  /** Bytes that one run has to read and write at least, where that is what bounds it. */
  readonly bytes?: number;
  /** How often one run does the work. Default 1. */
  readonly times?: number;
  /** Makes operands; called just for the benches that will run. */
  readonly prepare: (runtime: Runtime) => Work;
}

export interface OpOptions {
  readonly flop?: number;
  readonly bytes?: number;
  /** Also go back from the sum of the output, which reads and writes the output once more. Default false. */
  readonly backward?: boolean;
  /** Numbers in the output, where it may be small. */
  readonly outputs?: number;
  /** Range of the numbers of each operand. Default -1 to 1 for all. */
  readonly ranges?: readonly (readonly [number, number])[];
}

/** A step of a model has tens of ops; so that its own cost weighs as it does there, small ops share a step. */
const OPS_A_STEP = 10;
const SMALL_OUTPUT = 4096;

/** An op as a user would call it, on operands that stay. */
export function opCase(
  name: string,
  shapes: readonly Shape[],
  op: (...inputs: Tensor[]) => Tensor,
  { backward = false, ranges = [], outputs = Infinity, ...counts }: OpOptions = {},
): BenchCase {
  const times = backward || outputs > SMALL_OUTPUT ? 1 : OPS_A_STEP;
  const prepare = (runtime: Runtime): Work => {
    const inputs = shapes.map((shape, i) =>
      runtime.tensor(numbers(shape, ranges[i] ?? [-1, 1]), shape, { requiresGrad: backward }),
    );
    const run = backward
      ? () => sum(op(...inputs)).backward()
      : () => {
          for (let i = 0; i < times; i++) op(...inputs);
        };
    return {
      run: () => runtime.step(run),
      result: () =>
        backward ? (inputs[0]?.grad ?? new Float32Array(1).fill(NaN)) : runtime.step(() => op(...inputs).toArray()),
    };
  };
  return { name: backward ? `${name}, forward and backward` : name, prepare, times, ...counts };
}

/** The op forward alone, with its counts, and forward and backward. */
export function bothWays(...[name, shapes, op, options]: Parameters<typeof opCase>): BenchCase[] {
  const { ranges = [] } = options ?? {};
  return [opCase(name, shapes, op, options), opCase(name, shapes, op, { ranges, backward: true })];
}

/** Numbers that fill [low, high) evenly, the same at every run. */
export function numbers(shape: Shape, [low, high]: readonly [number, number]): Float32Array {
  const golden = (Math.sqrt(5) - 1) / 2;
  const size = shape.reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length: size }, (_, i) => low + (high - low) * (((i + 1) * golden) % 1));
}
