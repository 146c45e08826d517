// Float64 twins of the memory kernels: reading, writing, addressing, and the LSTM cell.
import type { Shape } from '../../index.js';
import { linearReference, sigmoidReference, softmaxReference, softplusReference } from './kernels.js';

/** r[b] = Σᵢ w[b, i] · M[b, i]. */
export function memoryReadReference(
  weights: Float64Array,
  memory: Float64Array,
  [batch, rows, columns]: Shape,
): Float64Array {
  const r = new Float64Array(batch! * columns!);
  for (let i = 0; i < memory.length; i++) {
    const row = Math.floor(i / columns!);
    r[Math.floor(row / rows!) * columns! + (i % columns!)]! += weights[row]! * memory[i]!;
  }
  return r;
}

/** M' = M ⊙ (1 − w eᵀ) + w aᵀ. */
export function memoryWriteReference(
  memory: Float64Array,
  weights: Float64Array,
  erase: Float64Array,
  add: Float64Array,
  [, rows, columns]: Shape,
): Float64Array {
  return memory.map((value, i) => {
    const row = Math.floor(i / columns!);
    const word = Math.floor(row / rows!) * columns! + (i % columns!);
    return value * (1 - weights[row]! * erase[word]!) + weights[row]! * add[word]!;
  });
}

/** w = softmax over i of β · cos(k, M[i]); norms count at least 1e-8. */
export function contentWeightsReference(
  key: Float64Array,
  strength: Float64Array,
  memory: Float64Array,
  [batch, rows, columns]: Shape,
): Float64Array {
  const norm = (x: Float64Array) => Math.max(1e-8, Math.sqrt(x.reduce((sum, value) => sum + value * value, 0)));
  const scores = new Float64Array(batch! * rows!);
  for (let row = 0; row < scores.length; row++) {
    const b = Math.floor(row / rows!);
    const k = key.subarray(b * columns!, (b + 1) * columns!);
    const m = memory.subarray(row * columns!, (row + 1) * columns!);
    const dot = k.reduce((sum, value, c) => sum + value * m[c]!, 0);
    scores[row] = (strength[b]! * dot) / (norm(k) * norm(m));
  }
  return softmaxReference(scores, rows!);
}

/** Interpolates, shifts around the ring, sharpens by the plain power. */
export function locationWeightsReference(
  inputs: readonly Float64Array[],
  [batch, rows]: Shape,
  maxShift: number,
): Float64Array {
  const [content, previous, gate, shift, sharpness] = inputs as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const n = rows!;
  const w = new Float64Array(batch! * n);
  for (let b = 0; b < batch!; b++) {
    const q = (i: number) => {
      const at = b * n + (((i % n) + n) % n);
      return gate[b]! * content[at]! + (1 - gate[b]!) * previous[at]!;
    };
    const powers = Array.from({ length: n }, (_, i) => {
      let v = 0;
      for (let j = 0; j <= 2 * maxShift; j++) v += shift[b * (2 * maxShift + 1) + j]! * q(i + j - maxShift);
      return v <= 0 ? 0 : v ** sharpness[b]!;
    });
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (let i = 0; i < n; i++) w[b * n + i] = powers[i]! / total;
  }
  return w;
}

/** A head's linear output cut into its parts, each brought into its range. */
export function headParametersReference(x: Float64Array, widths: readonly number[]): Float64Array[] {
  const total = widths.reduce((a, b) => a + b, 0);
  const part = (index: number): Float64Array => {
    const from = widths.slice(0, index).reduce((a, b) => a + b, 0);
    const width = widths[index]!;
    const rows = x.length / total;
    return Float64Array.from(
      { length: rows * width },
      (_, i) => x[Math.floor(i / width) * total + from + (i % width)]!,
    );
  };
  return widths.map((width, index) => {
    const values = part(index);
    if (index === 3) return softmaxReference(values, width);
    const range = [Math.tanh, softplusReference, sigmoidReference, Math.tanh, sharp, sigmoidReference, Math.tanh][
      index
    ]!;
    return values.map((value) => range(value));
  });
}

function sharp(x: number): number {
  return 1 + softplusReference(x);
}

/** [h', c'] of an LSTM cell with the gates i, f, g, o. */
export function lstmCellReference(inputs: readonly Float64Array[], shapes: readonly Shape[]): Float64Array[] {
  const [x, h, c, weightIh, weightHh, biasIh, biasHh] = inputs as Float64Array[];
  const hidden = shapes[1]![1]!;
  const fromInput = linearReference(x!, weightIh!, biasIh!, shapes[3]!);
  const gates = linearReference(h!, weightHh!, biasHh!, shapes[4]!).map((value, i) => value + fromInput[i]!);
  const next = { h: new Float64Array(h!.length), c: new Float64Array(h!.length) };
  for (let i = 0; i < h!.length; i++) {
    const gate = (which: number) => gates[Math.floor(i / hidden) * 4 * hidden + which * hidden + (i % hidden)]!;
    next.c[i] = sigmoidReference(gate(1)) * c![i]! + sigmoidReference(gate(0)) * Math.tanh(gate(2));
    next.h[i] = sigmoidReference(gate(3)) * Math.tanh(next.c[i]!);
  }
  return [next.h, next.c];
}
