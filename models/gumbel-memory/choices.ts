// Statistics of the addresses that a memory has chosen.
import { expectInteger, expectIntegers } from '../../bindings/tensor/check.js';

/** Frequencies of the addresses chosen from a memory. */
export interface Choices {
  /** Number of choices of each of the N addresses. */
  readonly histogram: readonly number[];
  /** Entropy of the choices in bits: 0 if one address was always chosen, log₂ N if all were equally frequent. */
  readonly entropy: number;
}

/** A histogram of more rows would not fit the heap of JavaScript. */
const MAX_ROWS = 2 ** 24;

/**
 * Counts how often each address was chosen.
 *
 * @param addresses Chosen addresses, integers in [0, memorySize): the `addresses` of a read.
 * @param memorySize Number of memory rows N, in [1, 2^24].
 * @returns Histogram and entropy of the choices.
 * @throws {RangeError} `memorySize` is out of range, or an address is not an integer in [0, memorySize).
 * @throws {TypeError} `addresses` is neither an array nor a typed array.
 *
 * @example
 * ```ts
 * import { countChoices } from 'tapehead';
 *
 * console.log(countChoices([0, 3, 3, 0], 4)); // → { histogram: [ 2, 0, 0, 2 ], entropy: 1 }
 * ```
 */
export function countChoices(addresses: ArrayLike<number>, memorySize: number): Choices {
  expectInteger('countChoices', 'memorySize', memorySize, 1, MAX_ROWS);
  expectIntegers('countChoices', 'addresses', addresses, 0, memorySize - 1);
  const histogram = new Array<number>(memorySize).fill(0);
  for (let i = 0; i < addresses.length; i++) {
    const address = addresses[i] as number;
    histogram[address] = (histogram[address] as number) + 1;
  }
  const shares = histogram.filter((count) => count > 0).map((count) => count / addresses.length);
  return { histogram, entropy: shares.reduce((total, share) => total - share * Math.log2(share), 0) };
}
