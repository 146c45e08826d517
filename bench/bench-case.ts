// Definition of a bench: how to set it up and run it, and its operation counts.
import type { Runtime, Shape, Tensor } from 'tapehead';
import { sum } from 'tapehead';

/** A prepared bench. */
export interface Work {
  run(): void;
  /** Returns some output of the work, to check that it works. */
  result(): Float32Array;
}

export interface BenchCase {
  readonly name: string;
  /** Floating-point operations per run, for compute-bound work. */
  readonly flop?: number;
  /** Minimum memory traffic of a run in bytes, for memory-bound work. */
  readonly bytes?: number;
  /** Number of repetitions within one run. Default 1. */
  readonly times?: number;
  /** Creates the operands; called only for benches that run. */
  readonly prepare: (runtime: Runtime) => Work;
}

export interface OpOptions {
  readonly flop?: number;
  readonly bytes?: number;
  /** Include a backward pass from the sum of the output. Default false. */
  readonly backward?: boolean;
  /** Number of elements in the output. Default: large. */
  readonly outputs?: number;
  /** Range of each operand. Default [-1, 1). */
  readonly ranges?: readonly (readonly [number, number])[];
}

/** A training step runs tens of ops, so small ops share a step here to keep its overhead realistic. */
const OPS_PER_STEP = 10;
const SMALL_OUTPUT = 4096;

/** Benches an op on persistent operands. */
export function opCase(
  name: string,
  shapes: readonly Shape[],
  op: (...inputs: Tensor[]) => Tensor,
  { backward = false, ranges = [], outputs = Infinity, ...counts }: OpOptions = {},
): BenchCase {
  const times = backward || outputs > SMALL_OUTPUT ? 1 : OPS_PER_STEP;
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

/** Benches an op forward only, with its counts, and forward and backward. */
export function bothWays(...[name, shapes, op, options]: Parameters<typeof opCase>): BenchCase[] {
  const { ranges = [] } = options ?? {};
  return [opCase(name, shapes, op, options), opCase(name, shapes, op, { ranges, backward: true })];
}

/** A fixed sequence of numbers that fills [low, high) uniformly. */
export function numbers(shape: Shape, [low, high]: readonly [number, number]): Float32Array {
  const golden = (Math.sqrt(5) - 1) / 2;
  const size = shape.reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length: size }, (_, i) => low + (high - low) * (((i + 1) * golden) % 1));
}
