// What a memory's choices look like together: how often each address was read, and how evenly.
import { expectInteger, fail } from '../../bindings/tensor/check.js';

/** How often each address was chosen, and how evenly. */
export interface Choices {
  /** How often each of the N addresses was chosen. */
  readonly histogram: readonly number[];
  /** Entropy of the histogram in bits: 0 where one address was always chosen, log₂ N where all were equally often. */
  readonly entropy: number;
}

/** Counts `addresses` of a bank of `memorySize` rows. Throws a RangeError where one is not below `memorySize`. */
export function countChoices(addresses: ArrayLike<number>, memorySize: number): Choices {
  expectInteger('countChoices', 'memorySize', memorySize, 1);
  const histogram = new Array<number>(memorySize).fill(0);
  for (let i = 0; i < addresses.length; i++) {
    const address = addresses[i] as number;
    if (!(address in histogram)) fail('countChoices', 'addresses', `lie below ${memorySize}`, address);
    histogram[address] = (histogram[address] as number) + 1;
  }
  const shares = histogram.filter((count) => count > 0).map((count) => count / addresses.length);
  return { histogram, entropy: shares.reduce((total, share) => total - share * Math.log2(share), 0) };
}
