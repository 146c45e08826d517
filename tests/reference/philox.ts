// Scalar twins of the random kernels.

export type Key = [number, number];
export type Words = [number, number, number, number];

const mask = 0xffffffffn;

/** The words of consecutive blocks: Philox 4×32-10 as its paper writes it. */
export function philox(n: number, key: Key, counter: Words): Uint32Array {
  const out = new Uint32Array(Math.ceil(n / 4) * 4);
  const first = join(counter);
  for (let i = 0; i < n; i += 4) out.set(block(key, split(first + BigInt(i / 4))), i);
  return out.subarray(0, n);
}

function block(key: Key, counter: Words): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let k0 = BigInt(key[0]);
  let k1 = BigInt(key[1]);
  for (let round = 0; round < 10; round++) {
    const p = 0xd2511f53n * c0;
    const q = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(q >> 32n) ^ c1 ^ k0, q & mask, (p >> 32n) ^ c3 ^ k1, p & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

function join(words: Words): bigint {
  return words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

function split(value: bigint): Words {
  return [0n, 32n, 64n, 96n].map((shift) => Number((value >> shift) & mask)) as Words;
}

/** The number in (0, 1) a word stands for. */
export function unit(word: number): number {
  return ((word >>> 9) + 0.5) / 2 ** 23;
}

/** Box and Muller's pairs, in float64. */
export function normals(words: Uint32Array): Float64Array {
  const out = new Float64Array(words.length);
  for (let i = 0; i + 1 < words.length; i += 2) {
    const u = Math.fround(Math.fround(words[i]! >>> 1) + 0.5) / 2 ** 31;
    const radius = Math.sqrt(-2 * Math.log(u));
    // Reduced to the nearest quarter turn, or float64 would lose digits where a cosine or sine is near zero.
    const quarters = Math.round(words[i + 1]! / 2 ** 30);
    const angle = (words[i + 1]! / 2 ** 30 - quarters) * (Math.PI / 2);
    const turns = [Math.cos(angle), -Math.sin(angle), -Math.cos(angle), Math.sin(angle)];
    out[i] = radius * turns[quarters % 4]!;
    out[i + 1] = radius * turns[(quarters + 3) % 4]!;
  }
  return out;
}

/** Fisher and Yates inside out, on word i at step i, and on word 0 of further blocks in place of rejected words. */
export function permuted(n: number, key: Key, counter: Words): { order: Uint32Array; blocks: number } {
  const words = philox(n, key, counter);
  const order = new Uint32Array(n);
  let blocks = Math.ceil(n / 4);
  for (let i = 0; i < n; i++) {
    let word = words[i]!;
    while ((BigInt(word) * BigInt(i + 1)) % 2n ** 32n < 2 ** 32 % (i + 1)) {
      word = block(key, split(join(counter) + BigInt(blocks++)))[0]!;
    }
    const place = Math.floor((word * (i + 1)) / 2 ** 32);
    order[i] = order[place]!;
    order[place] = i;
  }
  return { order, blocks };
}
