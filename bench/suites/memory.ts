// Ops of a time step of a Neural Turing Machine: addressing, read, write, LSTM cell.
import { contentWeights, locationWeights, lstmCell, memoryRead, memoryWrite, type Shape } from 'tapehead';
import { type BenchCase, bothWays } from '../bench-case.js';

const [rows, wordSize, maxShift, inputs, hidden] = [128, 20, 1, 100, 100];

/** The ops with the sizes of the published copy task. */
function sizes(batch: number): BenchCase[] {
  const [focus, word, memory, one]: Shape[] = [
    [batch, rows],
    [batch, wordSize],
    [batch, rows, wordSize],
    [batch, 1],
  ];
  const shift = [batch, 2 * maxShift + 1];
  const unit = [0, 1] as const;
  const gates = 4 * hidden;
  const cell = [[batch, inputs], [batch, hidden], [batch, hidden], [gates, inputs], [gates, hidden], [gates], [gates]];
  const of = `batch ${batch}`;
  const bytes = 4 * batch * rows * wordSize;
  return [
    ...bothWays(`contentWeights ${of}`, [word, one, memory], contentWeights, {
      bytes,
      ranges: [
        [-1, 1],
        [1, 5],
      ],
    }),
    ...bothWays(`locationWeights ${of}`, [focus, focus, one, shift, one], locationWeights, {
      ranges: [unit, unit, unit, unit, [1, 5]],
    }),
    ...bothWays(`memoryRead ${of}`, [focus, memory], memoryRead, { bytes, ranges: [unit] }),
    ...bothWays(`memoryWrite ${of}`, [memory, focus, word, word], memoryWrite, {
      bytes: 2 * bytes,
      ranges: [[-1, 1], unit, unit],
    }),
    ...bothWays(`lstmCell ${of}`, cell, (x, h, c, wi, wh, bi, bh) => lstmCell(x, h, c, wi, wh, bi, bh)[0], {
      flop: 2 * batch * gates * (inputs + hidden),
      ranges: cell.map(() => [-0.1, 0.1]),
    }),
  ];
}

export const memorySuite: readonly BenchCase[] = [...sizes(1), ...sizes(32)];
