// Half-precision numbers, widened to float32 exactly.

/** Bits of a float16's exponent, and of its fraction. */
const EXPONENT = 0x7c00;
const FRACTION = 0x3ff;
/** The distance between the exponent biases of float32 and float16, 127 - 15, in the bits of a float32. */
const REBIAS = 112 << 23;

/**
 * Widens bfloat16, the upper half of a float32.
 *
 * @internal
 * @param halves The bits of each number.
 * @returns The same numbers.
 */
export function widenBrainFloats(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

/**
 * Widens float16 (IEEE 754 binary16). Infinities and the payloads of NaNs are kept.
 *
 * @internal
 * @param halves The bits of each number.
 * @returns The same numbers.
 */
export function widenHalfFloats(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const sign = (half & 0x8000) << 16;
    const exponent = half & EXPONENT;
    // Zeros and subnormals are multiples of 2^-24.
    if (exponent === 0) floats[i] = (sign === 0 ? 1 : -1) * (half & FRACTION) * 2 ** -24;
    else if (exponent === EXPONENT) bits[i] = sign | 0x7f800000 | ((half & FRACTION) << 13);
    else bits[i] = sign | (((half & 0x7fff) << 13) + REBIAS);
  }
  return floats;
}
