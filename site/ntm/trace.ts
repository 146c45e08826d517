// Trace of the model on one sequence, and a test on long sequences.
import {
  bitsWrong,
  CopyTask,
  type NTM,
  type NTMState,
  Random,
  sigmoid,
  split,
  stack,
  type Tensor,
  unbind,
} from 'tapehead';
import type { Frames } from '../shell/charts.js';

/** Trace of a sequence of L vectors over T = 2L + 1 steps. */
export interface Trace {
  /** [T, V + 1]. */
  readonly inputs: Frames;
  /** [L, V], of the last L steps. */
  readonly targets: Frames;
  /** [L, V], probabilities. */
  readonly outputs: Frames;
  /** [T, N]. */
  readonly writeWeights: Frames;
  readonly readWeights: Frames;
  /** The memory after every step, [T, N·W]. */
  readonly memory: Frames;
  readonly wordSize: number;
  readonly wrong: number;
}

/** The first of several long sequences, [L, V], and the share of wrong bits in all of them. */
export interface LongCopy {
  readonly targets: Frames;
  readonly outputs: Frames;
  readonly sequences: number;
  readonly share: number;
}

/** A fixed seed: changes from view to view are those of the model. */
const SEED = 7;
const LONG_SEQUENCES = 5;

export function trace(model: NTM, vectorSize: number, length: number): Trace {
  const { runtime } = model;
  const task = new CopyTask(runtime, { random: new Random(runtime, SEED), vectorSize });
  return runtime.noGrad(() => {
    const { inputs, targets } = task.batch(1, length);
    let state: NTMState = model.initialState(1);
    const steps = unbind(inputs).map((x) => {
      const [output, next] = model.step(x, state);
      state = next;
      return { output, next };
    });
    const logits = stack(steps.slice(length + 1).map(({ output }) => output));
    return {
      inputs: frames(inputs),
      targets: frames(targets),
      outputs: frames(sigmoid(logits)),
      writeWeights: frames(stack(steps.map(({ next }) => next.writeWeights[0] as Tensor))),
      readWeights: frames(stack(steps.map(({ next }) => next.readWeights[0] as Tensor))),
      memory: frames(stack(steps.map(({ next }) => next.memory))),
      wordSize: state.memory.shape[2] as number,
      wrong: bitsWrong(logits, targets),
    };
  });
}

export function longCopy(model: NTM, vectorSize: number, length: number): LongCopy {
  const { runtime } = model;
  const task = new CopyTask(runtime, { random: new Random(runtime, SEED + 1), vectorSize });
  return runtime.noGrad(() => {
    const { inputs, targets } = task.batch(LONG_SEQUENCES, length);
    const [, logits] = split(model.forward(inputs), [length + 1, length], 0) as [Tensor, Tensor];
    const share = bitsWrong(logits, targets) / (length * vectorSize);
    const first = (all: Tensor): Frames => firstOf(all.toArray(), length, vectorSize);
    return { targets: first(targets), outputs: first(sigmoid(logits)), sequences: LONG_SEQUENCES, share };
  });
}

/** The first sequence of [L, B, V]. */
function firstOf(data: Float32Array, rows: number, columns: number): Frames {
  const first = (_: unknown, i: number) =>
    data[Math.floor(i / columns) * LONG_SEQUENCES * columns + (i % columns)] as number;
  return { data: Float32Array.from({ length: rows * columns }, first), rows, columns };
}

/** Converts one sequence [T, 1, …] to frames, one row per time step. */
function frames(tensor: Tensor): Frames {
  const rows = tensor.shape[0] as number;
  return { data: tensor.toArray(), rows, columns: tensor.size / rows };
}
