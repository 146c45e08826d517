// Values that no function asks for.
import { runInNewContext } from 'node:vm';
import { type Expression, expression } from './expression.js';
import type { World } from './world.js';

/** Thrown by getters, functions and proxies of this list: the only errors that are not the package's own. */
export class HostileError extends Error {}

function hurt(): never {
  throw new HostileError('hostile');
}

const numbers =
  `NaN Infinity -Infinity -0 0 -1 1 0.5 -1.5 1e39 -1e39 1e-46 2**24+1 2**30 2**31-1 2**31 -(2**31) 2**32 2**53-1 2**53
  Number.MAX_VALUE Number.MIN_VALUE 65536 46341`.split(/\s+/);

/** Sources that are evaluated where they are used. */
const sources =
  `'' | 'a' | '1' | 'constructor' | '__proto__' | 'toString' | '\\n\\0' | '😀' | 'x'.repeat(1e5) | Symbol('s') | Symbol.iterator
  | 1n | -(2n**70n) | null | undefined | true | false | [] | [NaN] | [undefined] | new Array(3) | new Array(2**20) | [[1, 2], [3]]
  | [[1, 2], [3, 4]] | [[]] | ['1'] | [1n] | [1, 2n] | [null] | [true] | [[[1]]] | [2**31] | [2**16, 2**16] | [-1] | [1.5] | [0]
  | [2**30, 0] | [2**53, 2**53] | [1e39] | {} | Object.freeze({}) | Object.create(null) | { length: 3 } | { length: -1 }
  | { length: 2**32 } | { length: '2' } | new Date(0) | /x/ | new Map() | new Map([['a', 1]]) | new Map([[Symbol(), { shape: [], data: [1] }]])
  | new Set([1]) | new WeakMap() | new Error('e') | Promise.resolve(1) | AbortSignal.abort() | new Number(1) | new String('a')
  | new (class Own { x = 1; })() | class {} | () => {} | async () => 1 | function* () {} | async function* () {} | () => NaN | () => () => {}
  | (function () { return arguments; })(1, 2) | new ArrayBuffer(8) | new SharedArrayBuffer(8) | new DataView(new ArrayBuffer(8))
  | new Uint8Array(0) | new Uint8Array(3) | new Uint8Array(new ArrayBuffer(9), 1) | Int8Array.of(-1) | Uint8ClampedArray.of(1, 2)
  | Int16Array.of(1) | Uint16Array.of(1) | Int32Array.of(-1) | Uint32Array.of(2**32 - 1) | Float32Array.of(NaN) | Float64Array.of(1e300)
  | BigInt64Array.of(1n) | BigUint64Array.of(1n) | new Float32Array(new SharedArrayBuffer(8)) | Buffer.from('abc') | globalThis | Math
  | JSON.parse('{"__proto__": 1}') | new Float32Array(2**20)`
    .split(/\s+\|\s+/)
    .map((text) => text.trim());

const foreign = ['[1, 2]', 'new Float32Array([1, 2])', '({})', '() => 1', 'new Map()', '(async () => 1)'];

/** Objects whose use throws, or that answer everything. */
const traps: Record<string, () => unknown> = {
  'new Proxy({}, {})': () => new Proxy({}, {}),
  'new Proxy([1, 2], {})': () => new Proxy([1, 2], {}),
  'new Proxy({}, throwing get)': () => new Proxy({}, { get: hurt }),
  'new Proxy({}, throwing ownKeys)': () => new Proxy({}, { ownKeys: hurt, getOwnPropertyDescriptor: hurt }),
  'new Proxy(() => 1, {})': () => new Proxy(() => 1, {}),
  'new Proxy([1, 2], throwing get)': () => new Proxy([1, 2], { get: hurt }),
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  '{ get a() { throw }, get length() { throw }, get shape() { throw } }': () => {
    return Object.defineProperties(
      {},
      { a: { get: hurt, enumerable: true }, length: { get: hurt }, shape: { get: hurt } },
    );
  },
  '{ toString() { throw }, valueOf() { throw } }': () => ({ toString: hurt, valueOf: hurt }),
  '{ get [Symbol.toStringTag]() { throw } }': () => Object.defineProperty({}, Symbol.toStringTag, { get: hurt }),
  '{ constructor: { get name() { throw } } }': () => ({
    constructor: Object.defineProperty({}, 'name', { get: hurt }),
  }),
  '() => { throw }': () => hurt,
  'an iterable that throws': () => ({ [Symbol.iterator]: hurt }),
  'a cyclic object': () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    return cyclic;
  },
  'a cyclic array': () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    return cyclic;
  },
  'a very deep array': () => {
    let deep: unknown[] = [];
    for (let i = 0; i < 50_000; i++) deep = [deep];
    return deep;
  },
  'a detached Float32Array': () => {
    const detached = new Float32Array(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    return detached;
  },
  'a thenable': () => Object.defineProperty({}, 'then', { value: () => {} }),
};

/** Objects of the package where they do not belong. */
const misplaced: Record<string, (world: World) => unknown> = {
  'a dead tensor': (world) => world.dead,
  'a disposed tensor': (world) => world.disposed,
  'a tensor of another runtime': (world) => world.foreign,
  'zeros(0)': (world) => world.runtime.zeros([0]),
  'zeros()': (world) => world.runtime.zeros([]),
  'zeros(3, 0, 2)': (world) => world.runtime.zeros([3, 0, 2]),
  'zeros(2, 3)': (world) => world.runtime.zeros([2, 3]),
  'zeros(1, 1, 1, 1, 1)': (world) => world.runtime.zeros([1, 1, 1, 1, 1]),
  'tensor([NaN, Infinity])': (world) => world.runtime.tensor([Number.NaN, Infinity]),
  'a parameter': (world) => world.parameter,
  'a buffer': (world) => world.buffer,
  'a view of a parameter': (world) => world.parameter.detach(),
  'the runtime': (world) => world.runtime,
  'another runtime': (world) => world.other,
  'a Random': (world) => world.random,
  'a Random of another runtime': (world) => world.otherRandom,
  'disposed Parameters': (world) => world.disposedParameters,
  'the module': (world) => world.module,
  'Object.create(Tensor.prototype)': ({ module }) => Object.create(module.Tensor.prototype),
  'Object.create(Runtime.prototype)': ({ module }) => Object.create(module.Runtime.prototype),
  'Object.create(Parameters.prototype)': ({ module }) => Object.create(module.Parameters.prototype),
  'Object.create(Random.prototype)': ({ module }) => Object.create(module.Random.prototype),
  'a proxy of a tensor': ({ parameter }) => new Proxy(parameter, {}),
  'a proxy of the runtime': ({ runtime }) => new Proxy(runtime, {}),
  'a proxy of a promise': () => new Proxy(Promise.resolve(), {}),
};

/** All of them, by their text. */
export const hostileValues: readonly Expression[] = [
  ...[...numbers, ...sources].map((text) => {
    const make = new Function(`return (${text});`) as () => unknown;
    return expression(text, make);
  }),
  ...foreign.map((text) => expression(`another realm's ${text}`, () => runInNewContext(text))),
  ...Object.entries(traps).map(([text, make]) => expression(text, make)),
  ...Object.entries(misplaced).map(([text, make]) => expression(text, make)),
];
