// Ops bound by memory or by transcendental functions: elementwise, softmax, losses, sums.
import {
  add,
  batchNorm,
  binaryCrossEntropyWithLogits,
  div,
  exp,
  log,
  logSoftmax,
  mul,
  relu,
  sigmoid,
  softmax,
  softplus,
  sum,
  type Tensor,
  tanh,
} from 'tapehead';
import { type BenchCase, bothWays, opCase } from '../bench-case.js';

const n = 65_536;
const million = 1_000_000;
/** Floating-point instructions of Simd.exp per number. */
const EXP_FLOP = 23;
/** The same for softmax: max, difference, exp, sum in float64, product. */
const SOFTMAX_FLOP = EXP_FLOP + 6;
const unary = { bytes: 8 * n };
const binary = {
  bytes: 12 * n,
  ranges: [
    [-1, 1],
    [1, 2],
  ] as const,
};

function batchNormInTraining(...[x, weight, bias, mean, variance]: Tensor[]): Tensor {
  const [w, b, m, v] = [weight, bias, mean, variance] as [Tensor, Tensor, Tensor, Tensor];
  return batchNorm(x as Tensor, w, b, m, v, { training: true });
}

export const rowsSuite: readonly BenchCase[] = [
  ...bothWays(`add ${n}`, [[n], [n]], add, binary),
  ...bothWays(`mul ${n}`, [[n], [n]], mul, binary),
  ...bothWays(`div ${n}`, [[n], [n]], div, binary),
  ...bothWays(`exp ${n}`, [[n]], exp, unary),
  opCase(`exp ${million}`, [[million]], exp, { bytes: 8 * million, flop: EXP_FLOP * million }),
  ...bothWays(`log ${n}`, [[n]], log, { ...unary, ranges: [[0.1, 10]] }),
  ...bothWays(`tanh ${n}`, [[n]], tanh, unary),
  ...bothWays(`sigmoid ${n}`, [[n]], sigmoid, unary),
  ...bothWays(`relu ${n}`, [[n]], relu, unary),
  ...bothWays(`softplus ${n}`, [[n]], softplus, unary),
  ...bothWays(`sum ${n}`, [[n]], (x) => sum(x), { bytes: 4 * n }),
  ...bothWays('softmax 512x128', [[512, 128]], softmax, unary),
  ...bothWays('softmax 6x10000', [[6, 10_000]], softmax, { bytes: 8 * 60_000 }),
  opCase('softmax 10000x256', [[10_000, 256]], softmax, {
    bytes: 8 * 2_560_000,
    flop: SOFTMAX_FLOP * 2_560_000,
  }),
  ...bothWays('logSoftmax 512x128', [[512, 128]], logSoftmax, unary),
  ...bothWays('batchNorm 1024x64', [[1024, 64], [64], [64], [64], [64]], batchNormInTraining, unary),
  ...bothWays('batchNorm 128x512', [[128, 512], [512], [512], [512], [512]], batchNormInTraining, unary),
  ...bothWays(`binaryCrossEntropyWithLogits ${n}`, [[n], [n]], binaryCrossEntropyWithLogits, {
    bytes: 8 * n,
    ranges: [
      [-4, 4],
      [0, 1],
    ],
  }),
];
