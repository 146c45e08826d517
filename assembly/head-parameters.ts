// What a head's linear layer says, taken apart and brought into range.
import { sigmoid, sigmoidBackward, tanh, tanhBackward } from './elementwise';
import { Simd } from './simd';
import { softmax, softmaxBackward } from './softmax';

/**
 * The columns of x [B, P] are key W | strength 1 | gate 1 | shift S | sharpness 1, of a write head also erase W | add W:
 * key and add = tanh x, strength = softplus x, gate and erase = sigmoid x, shift = softmax x, sharpness = 1 + softplus x.
 * Of a read head erase and add are 0. Each output is a matrix of its own.
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
  const word = (<usize>wordSize) << 2;
  const window = (<usize>shifts) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    const at = (<usize>b) << 2;
    tanh(key, x, wordSize);
    x += word;
    // Lanes 0 and 1 are what softplus is for: strength and sharpness.
    const scalars = f32x4.replace_lane(v128.load32_zero(x), 1, load<f32>(x + window, 8));
    const positive = Simd.softplus(scalars);
    store<f32>(strength + at, f32x4.extract_lane(positive, 0));
    store<f32>(sharpness + at, 1 + f32x4.extract_lane(positive, 1));
    store<f32>(gate + at, f32x4.extract_lane(Simd.sigmoid(v128.load32_zero(x, 4)), 0));
    softmax(shift, x + 8, 1, shifts);
    x += window + 12;
    if (erase) {
      sigmoid(erase, x, wordSize);
      tanh(add, x + word, wordSize);
      x += 2 * word;
      erase += word;
      add += word;
    }
    key += word;
    shift += window;
  }
}

/**
 * dx += the gradient of each part times its slope: 1 − y² (tanh), y (1 − y) (sigmoid), sigmoid x (softplus), the softmax's own.
 * Each upstream gradient may be 0; of a read head derase, dadd, erase and add are.
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
