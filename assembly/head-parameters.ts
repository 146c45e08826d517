// Splits the output of a head's linear layer and applies each parameter's activation.

import { exp, sigmoid, sigmoidBackward, softplus, tanh, tanhBackward } from './elementwise';
import { copyRows } from './shaping';
import { Each, Op } from './simd/each';
import { Simd } from './simd/simd';
import { softmaxBackward } from './softmax';

/**
 * The columns of x [B, P] are key W | strength 1 | gate 1 | shift S | sharpness 1, of a write head also erase W | add
 * W: key and add = tanh x, strength = softplus x, gate and erase = sigmoid x, shift = softmax x, sharpness =
 * 1 + softplus x. For a read head erase and add are 0. Every output is a separate matrix.
 */
export function headParameters(
  key: usize,
  strength: usize,
  gate: usize,
  shift: usize,
  sharpness: usize,
  erase: usize,
  add: usize,
  x: usize,
  batch: u32,
  wordSize: u32,
  shifts: u32,
): void {
  const columns = wordSize + 3 + shifts + (erase ? 2 * wordSize : 0);
  x = take(key, x, batch, wordSize, columns);
  x = take(strength, x, batch, 1, columns);
  x = take(gate, x, batch, 1, columns);
  x = take(shift, x, batch, shifts, columns);
  x = take(sharpness, x, batch, 1, columns);
  tanh(key, key, batch * wordSize);
  softplus(strength, strength, batch);
  sigmoid(gate, gate, batch);
  softmaxShort(shift, batch, shifts);
  softplus(sharpness, sharpness, batch);
  Each.run(Op.offset, batch, sharpness, sharpness, 0, 0, 1);
  if (erase) {
    x = take(erase, x, batch, wordSize, columns);
    take(add, x, batch, wordSize, columns);
    sigmoid(erase, erase, batch * wordSize);
    tanh(add, add, batch * wordSize);
  }
}

/** Copies `width` of the `columns` columns of x to the matrix y; returns the address of the next column. */
function take(y: usize, x: usize, batch: u32, width: u32, columns: u32): usize {
  copyRows(y, x, batch, width, width, columns);
  return x + ((<usize>width) << 2);
}

/** In-place softmax over many rows of a few columns: the exponentials of all rows in one loop. */
function softmaxShort(y: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  const end = y + <usize>rows * row;
  for (let r = y; r < end; r += row) {
    let top = load<f32>(r);
    for (let c: usize = 4; c < row; c += 4) top = max(top, load<f32>(r + c));
    for (let c: usize = 0; c < row; c += 4) store<f32>(r + c, load<f32>(r + c) - top);
  }
  exp(y, y, rows * cols);
  for (let r = y; r < end; r += row) {
    let total = load<f32>(r);
    for (let c: usize = 4; c < row; c += 4) total += load<f32>(r + c);
    for (let c: usize = 0; c < row; c += 4) store<f32>(r + c, load<f32>(r + c) / total);
  }
}

/**
 * dx += the gradient of each part times its slope, 1 − y² (tanh), y (1 − y) (sigmoid), sigmoid x (softplus), and the
 * shift's as of a softmax. Each upstream gradient may be 0; for a read head derase, dadd, erase and add are.
 * Derived in docs/derivations.md#headparameters.
 */
export function headParametersBackward(
  dx: usize,
  dkey: usize,
  dstrength: usize,
  dgate: usize,
  dshift: usize,
  dsharpness: usize,
  derase: usize,
  dadd: usize,
  key: usize,
  gate: usize,
  shift: usize,
  erase: usize,
  add: usize,
  x: usize,
  batch: u32,
  wordSize: u32,
  shifts: u32,
): void {
  const word = (<usize>wordSize) << 2;
  const window = (<usize>shifts) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    const at = (<usize>b) << 2;
    const row = <usize>b * word;
    if (dkey) tanhBackward(dx, dkey + row, key + row, wordSize);
    dx += word;
    x += word;
    const scalars = f32x4.replace_lane(v128.load32_zero(x), 1, load<f32>(x + window, 8));
    const slopes = Simd.sigmoid(scalars);
    if (dstrength) addProduct(dx, load<f32>(dstrength + at), f32x4.extract_lane(slopes, 0));
    if (dgate) {
      const g = load<f32>(gate + at);
      addProduct(dx + 4, load<f32>(dgate + at), g * (1 - g));
    }
    if (dshift) softmaxBackward(dx + 8, dshift + <usize>b * window, shift + <usize>b * window, 1, shifts);
    dx += window + 8;
    if (dsharpness) addProduct(dx, load<f32>(dsharpness + at), f32x4.extract_lane(slopes, 1));
    dx += 4;
    x += window + 12;
    if (erase) {
      if (derase) sigmoidBackward(dx, derase + row, erase + row, wordSize);
      if (dadd) tanhBackward(dx + word, dadd + row, add + row, wordSize);
      dx += 2 * word;
      x += 2 * word;
    }
  }
}

function addProduct(y: usize, a: f32, b: f32): void {
  store<f32>(y, load<f32>(y) + a * b);
}
