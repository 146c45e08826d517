// Evaluation of a trained model: its error rate, and the activity of its heads.
import {
  bitsWrong,
  type CopyTask,
  type HeadTrace,
  type NTM,
  type NTMState,
  type Runtime,
  sigmoid,
  split,
  type Tensor,
  unbind,
} from 'tapehead';
import type { Copy, HeadsTrace } from './copy.js';

const BATCH = 20;

/** Mean number of wrong bits per sequence, over `sequences` new ones with lengths drawn by the task. */
export function validationError(runtime: Runtime, model: NTM, task: CopyTask, sequences = 1000): number {
  let wrong = 0;
  for (let seen = 0; seen < sequences; seen += BATCH) wrong += batchError(runtime, model, task) * BATCH;
  return wrong / sequences;
}

/** Share of wrong bits in `sequences` new sequences of one length. */
export function errorRate(runtime: Runtime, model: NTM, task: CopyTask, length: number, sequences: number): number {
  let wrong = 0;
  for (let seen = 0; seen < sequences; seen += BATCH) wrong += batchError(runtime, model, task, length) * BATCH;
  return wrong / (sequences * length * task.vectorSize);
}

/** Mean number of wrong bits per sequence of a batch. */
function batchError(runtime: Runtime, model: NTM, task: CopyTask, length?: number): number {
  return runtime.noGrad(() => {
    const batch = task.batch(BATCH, length);
    const [, outputs] = split(model.forward(batch.inputs), [batch.length + 1, batch.length], 0);
    return bitsWrong(outputs, batch.targets);
  });
}

/** Runs the model on a new sequence of this length and records its output and the first pair of heads. */
export function trace(runtime: Runtime, model: NTM, task: CopyTask, length: number): { copy: Copy; heads: HeadsTrace } {
  return runtime.noGrad(() => {
    const { inputs, targets } = task.batch(1, length);
    let state: NTMState = model.initialState(1);
    const none = (): Float32Array[] => [];
    const rows = { outputs: none(), adds: none(), reads: none(), writeWeights: none(), readWeights: none() };
    for (const x of unbind(inputs)) {
      const [output, next, heads] = model.step(x, state);
      rows.outputs.push(sigmoid(output).toArray());
      rows.adds.push((heads.write[0] as HeadTrace).add?.toArray() ?? new Float32Array());
      rows.reads.push((next.reads[0] as Tensor).toArray());
      rows.writeWeights.push((next.writeWeights[0] as Tensor).toArray());
      rows.readWeights.push((next.readWeights[0] as Tensor).toArray());
      state = next;
    }
    const heads: HeadsTrace = {
      inputs: { data: inputs.toArray(), rows: 2 * length + 1, columns: task.inputSize },
      outputs: frames(rows.outputs),
      adds: frames(rows.adds),
      reads: frames(rows.reads),
      writeWeights: frames(rows.writeWeights),
      readWeights: frames(rows.readWeights),
    };
    const target = { data: targets.toArray(), rows: length, columns: task.vectorSize };
    return { copy: { target, output: frames(rows.outputs.slice(length + 1)) }, heads };
  });
}

function frames(rows: readonly Float32Array[]): { data: Float32Array; rows: number; columns: number } {
  const columns = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) data.set(row, i * columns);
  return { data, rows: rows.length, columns };
}
