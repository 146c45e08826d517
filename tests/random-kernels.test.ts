// The random kernels: Philox against its published values and a scalar reference implementation, distributions word by word.
import test from 'ava';
import { load } from '../index.js';
import { type Key, normals, permuted, philox, unit, type Words } from './reference/philox.js';

const runtime = await load();
const { arena, kernels } = runtime;

const seed: Key = [0x12345678, 0x9abcdef0];
const start: Words = [0xfffffffe, 0xffffffff, 7, 0];
const words = philox(100_000, seed, start);
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 100];

test('philox gives the published values of Random123', (t) => {
  const hex = (key: Key, counter: Words) =>
    [...filled(4, (address) => kernels.philox(address, 4, ...key, ...counter)).words]
      .map((word) => word.toString(16).padStart(8, '0'))
      .join(' ');
  t.is(hex([0, 0], [0, 0, 0, 0]), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  t.is(hex([-1, -1], [-1, -1, -1, -1]), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  t.is(
    hex([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]),
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

test('philox equals its reference implementation for every length, across carries of the counter', (t) => {
  const counters: Words[] = [
    [0, 0, 0, 0],
    [0xfffffffd, 0, 0, 0],
    [0xfffffff9, 0xffffffff, 0, 3],
    [0xffffffff, 0xffffffff, 0xffffffff, 3],
    [0xfffffffa, 0xffffffff, 0xffffffff, 0xffffffff],
  ];
  for (const counter of counters) {
    for (const n of lengths) {
      const found = filled(n, (address) => kernels.philox(address, n, ...seed, ...counter)).words;
      t.deepEqual(found, philox(n, seed, counter), `${n} words from ${counter}`);
    }
  }
});

test('uniform is low + u·(high - low) of every word, for every length', (t) => {
  for (const n of lengths) {
    const { floats } = filled(n, (address) => kernels.uniform(address, n, 0, 1, ...seed, ...start));
    t.deepEqual(floats, Float32Array.from(words.subarray(0, n), unit));
  }
  const n = words.length;
  const { floats } = filled(n, (address) => kernels.uniform(address, n, -3, 7, ...seed, ...start));
  t.deepEqual(
    floats,
    Float32Array.from(words, (word) => -3 + Math.fround(10 * unit(word))),
  );
});

test('uniform never leaves [low, high]', (t) => {
  const next = 1 + 2 ** -23;
  const ranges = [
    [1, next],
    [-next, -1],
    [16777216, 16777220],
    [2, 2],
    [-1e38, 2e38],
  ];
  for (const [low, high] of ranges as [number, number][]) {
    const n = 10_000;
    const { floats } = filled(n, (address) => kernels.uniform(address, n, low, high, ...seed, ...start));
    t.true(floats.every((value) => value >= Math.fround(low) && value <= Math.fround(high)));
    t.deepEqual(new Set([Math.min(...floats), Math.max(...floats)]).size, low === high ? 1 : 2);
  }
});

test('normal is within 5 ulp of Box and Muller in float64, for every length', (t) => {
  const n = words.length;
  const expected = normals(words);
  const { floats } = filled(n, (address) => kernels.normal(address, n, 0, 1, ...seed, ...start));
  let worst = 0;
  for (const [i, value] of floats.entries()) {
    worst = Math.max(worst, Math.abs(value - expected[i]!) / ulp(expected[i]!));
  }
  t.true(worst <= 5, `${worst} ulp`);
  for (const n of lengths) {
    const part = filled(n, (address) => kernels.normal(address, n, 0, 1, ...seed, ...start)).floats;
    t.deepEqual(part, floats.subarray(0, n));
    const moved = filled(n, (address) => kernels.normal(address, n, 5, 0.5, ...seed, ...start)).floats;
    t.deepEqual(
      moved,
      floats.subarray(0, n).map((z) => 5 + z / 2),
    );
  }
});

test('bernoulli compares every word with p·2^32, ends included', (t) => {
  for (const p of [0, 2 ** -34, 2 ** -32, 1e-4, 0.3, 0.5, 1 - 2 ** -32, 1]) {
    const ones = Math.round(p * 2 ** 32);
    for (const n of [...lengths, words.length]) {
      const { floats } = filled(n, (address) => kernels.bernoulli(address, n, p, ...seed, ...start));
      t.deepEqual(
        floats,
        Float32Array.from(words.subarray(0, n), (word) => Number(word < ones)),
      );
    }
  }
});

test('permutation equals its reference implementation, rejected words included', (t) => {
  for (const n of [...lengths, 200_000]) {
    let used = 0;
    const { words: found } = filled(n, (address) => {
      used = kernels.permutation(address, n, ...seed, ...start);
    });
    const { order, blocks } = permuted(n, seed, start);
    t.deepEqual(found, order);
    t.is(used, blocks);
  }
  t.true(permuted(200_000, seed, start).blocks > 50_000, 'this seed must reject words, or the test is too weak');
});

/** Output of a kernel for n numbers; throws if it writes outside. */
function filled(n: number, fill: (address: number) => void): { floats: Float32Array; words: Uint32Array } {
  const mark = arena.mark();
  const address = arena.allocate(n + 2) + 4;
  arena.write(address - 4, new Float32Array(n + 2).fill(0.1));
  fill(address);
  const guards = [arena.readOne(address - 4), arena.readOne(address + 4 * n)];
  if (guards.some((guard) => guard !== Math.fround(0.1))) throw new Error(`${n} numbers: a guard was overwritten`);
  const result = { floats: arena.read(address, n), words: arena.readUnsigned(address, n) };
  arena.reset(mark);
  return result;
}

function ulp(value: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(value))) - 23);
}
