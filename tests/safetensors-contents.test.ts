// Safetensors: half floats, files of other formats, long headers, values of other realms, refusals of the writer.
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { readSafetensors, type SafetensorsInput, writeSafetensors } from '../index.js';
import { entry, fileOf } from './support/safetensors-file.js';

test('bytes, arrays and maps of another realm, and shared bytes, are accepted', (t) => {
  const tensors: Map<string, SafetensorsInput> = runInNewContext(
    `new Map([['a', { shape: [2], data: Float32Array.of(1, 2) }], ['b', { shape: [], data: Uint8Array.of(3) }]])`,
  );
  t.false(tensors instanceof Map);
  const file = writeSafetensors(tensors, runInNewContext(`({ k: 'v' })`));
  const shared = new Uint8Array(new SharedArrayBuffer(file.length + 1), 1);
  shared.set(file);
  const foreign: Uint8Array = runInNewContext('Uint8Array').from(file);
  for (const bytes of [foreign, foreign.buffer, shared, Buffer.from(file)]) {
    const read = readSafetensors(bytes as Uint8Array);
    t.deepEqual(read.tensors.get('a')?.data, Float32Array.of(1, 2));
    t.deepEqual(read.metadata, { k: 'v' });
  }
  const data = new Float32Array(new SharedArrayBuffer(8));
  data.set([5, 6]);
  const written = readSafetensors(writeSafetensors(new Map([['a', { shape: [2], data }]])));
  t.deepEqual(written.tensors.get('a')?.data, Float32Array.of(5, 6));
});

/** The number that 16 bits stand for, by the definition of IEEE 754. */
function halfFloat(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, (bits & 1023) / 1024];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

test('every half float is widened exactly: subnormals, infinities and NaN', (t) => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const read = (dtype: string) => {
    const file = fileOf(`{"a":${entry(dtype, [256, 256], [0, 131072])}}`, 131072);
    file.set(new Uint8Array(bits.buffer), file.length - 131072);
    const { tensors } = readSafetensors(file);
    t.like(tensors.get('a'), { dtype: 'F32', shape: [256, 256] });
    return tensors.get('a')!.data as Float32Array;
  };
  const half = read('F16');
  t.true(half.every((value, i) => Object.is(value, halfFloat(i))));
  const brain = new Uint32Array(read('BF16').slice().buffer);
  t.deepEqual(
    brain,
    Uint32Array.from(bits, (half) => half * 65536),
  );
});

const foreign: [format: RegExp, file: number[] | string][] = [
  [
    /a zip archive, as torch\.save writes; convert it in Python with safetensors\.torch\.save_file$/,
    'PK\x03\x04\x00\x00',
  ],
  [/a Python pickle; convert it in Python/, [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]],
  [/a Python pickle; convert it in Python/, [0x80, 4, 0x95, 16, 0, 0, 0, 0, 0, 0, 0, 0x7d]],
  [/an HTML page; check the URL it came from$/, '<!DOCTYPE html><html><body>Sign in</body></html>'],
  [/an HTML page; check the URL it came from$/, '\ufeff\n <html>'],
  [/an XML text; check the URL it came from$/, '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
  [/a JSON text, perhaps an index of several files$/, '{"metadata": {"total_size": 12}, "weight_map": {}}'],
  [/a JSON text, perhaps an index of several files$/, '{}'],
  [/a JSON text, perhaps an index of several files$/, '[{"a": 1}]'],
  [
    /a Git LFS pointer; fetch the file itself with git lfs pull$/,
    'version https://git-lfs.github.com/spec/v1\noid sha256:',
  ],
  [/gzip data; decompress it first$/, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]],
  [/a GGUF file; export the model as safetensors$/, 'GGUF\x03\x00\x00\x00\x00\x00'],
  [/a NumPy array; convert it in Python with safetensors\.numpy\.save_file$/, '\u0093NUMPY\x01\x00v\x00{'],
  [/an HDF5 file, as Keras writes; /, '\u0089HDF\r\n\x1a\n\x00'],
];

for (const [format, file] of foreign) {
  test(`refused by name: ${format}, ${JSON.stringify(file).slice(0, 20)}`, (t) => {
    const bytes = typeof file !== 'string' ? Uint8Array.from(file) : new Uint8Array(Buffer.from(file, latin(file)));
    for (const padding of [0, 1000]) {
      const error = t.throws(() => readSafetensors(Buffer.concat([bytes, new Uint8Array(padding)])), {
        instanceOf: RangeError,
        message: new RegExp(`^readSafetensors: bytes are no safetensors file but ${format.source}`),
      });
      t.true(error.message.length <= 200);
    }
  });
}

function latin(text: string): 'latin1' | 'utf8' {
  return text.startsWith('\ufeff') ? 'utf8' : 'latin1';
}

test('a sound file is not taken for another format by the size of its header', (t) => {
  // The size is the first byte: that of a pickle, a brace, gzip.
  for (const size of [0x80, 0x7b, 0x1f, 0x280, 0x8b1f]) {
    const header = `{"a":${entry('U8', [1], [0, 1])}}`;
    const file = fileOf(header.padEnd(size), 1);
    t.deepEqual(readSafetensors(file).tensors.get('a')?.data, Uint8Array.of(0));
  }
});

test('a header of more than a million keys is refused, one of 100,000 is read in linear time', (t) => {
  const header = (count: number) =>
    `{${Array.from({ length: count }, (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join()}}`;
  const time = (count: number) => {
    const file = fileOf(header(count), 0);
    const start = process.cpuUsage();
    t.is(readSafetensors(file).tensors.size, count);
    return process.cpuUsage(start).user;
  };
  time(10_000);
  t.true(time(100_000) < 5e6, 'µs');
  const many = Array.from({ length: 1_000_001 }, (_, i) => `"${i}":""`).join();
  t.throws(() => readSafetensors(fileOf(`{"__metadata__":{${many}}}`, 0)), {
    message: /^readSafetensors: the header must have at most 1000000 keys an object, got more$/,
  });
  t.throws(() => readSafetensors(fileOf(`{"a":{"dtype":"U8","shape":[0${',1'.repeat(1_000_000)}]}}`, 0)), {
    message: /^readSafetensors: the header must have at most 1000000 numbers a list, got more$/,
  });
});

test('a detached array is empty, a detached buffer is refused', (t) => {
  const detach = (array: Uint8Array<ArrayBuffer>) => {
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  };
  t.throws(() => readSafetensors(detach(new Uint8Array(8)).buffer), { instanceOf: TypeError });
  const data = detach(new Uint8Array(8));
  t.is(readSafetensors(writeSafetensors(new Map([['a', { shape: [0], data }]]))).tensors.get('a')?.data.length, 0);
});

test('invalid tensors and metadata are refused in one sentence', (t) => {
  const data = Float32Array.of(1, 2);
  const a = (input: unknown) => new Map([['a', input]]);
  const faults: [tensors: unknown, metadata: unknown, message: RegExp][] = [
    [null, {}, /^tensors must be a Map, got null$/],
    [{ a: { shape: [2], data } }, {}, /^tensors must be a Map, got an Object$/],
    [new Proxy(new Map(), {}), {}, /^tensors must be a Map, got a Map$/],
    [new Map([[1, { shape: [2], data }]]), {}, /^the name of a tensor must be a string, got 1$/],
    [new Map([[Symbol('s'), { shape: [2], data }]]), {}, /^the name of a tensor must be a string, got Symbol\(s\)$/],
    [new Map([['\ud834', { shape: [2], data }]]), {}, /^the name of a tensor must be well-formed Unicode, got /],
    [new Map([['__metadata__', { shape: [2], data }]]), {}, /^the name of a tensor must not be __metadata__, got /],
    [a(null), {}, /^tensor "a" must be an object \{ shape, data \}, got null$/],
    [a(undefined), {}, /^tensor "a" must be an object \{ shape, data \}, got undefined$/],
    [a({}), {}, /^the data of tensor "a" must be a typed array of a dtype, got undefined$/],
    [a({ shape: [2], data: [1, 2] }), {}, /^the data of tensor "a" must be a typed array of a dtype, got \[1, 2\]$/],
    [
      a({ shape: [2], data: new DataView(new ArrayBuffer(8)) }),
      {},
      /must be a typed array of a dtype, got a DataView$/,
    ],
    [a({ shape: [2], data: new Uint8ClampedArray(2) }), {}, /must be a typed array of a dtype, got a Uint8Clamped/],
    [a({ shape: [2], data, dtype: 'I32' }), {}, /^the data of tensor "a" must be of dtype I32, got a Float32Array of/],
    [
      a({ shape: [2], data, dtype: 'constructor' }),
      {},
      /^the dtype of tensor "a" must be 'F64', .* got "constructor"$/,
    ],
    [a({ shape: [2], data, dtype: null }), {}, /^the dtype of tensor "a" must be 'F64', .* got null$/],
    [a({ data }), {}, /^the shape of tensor "a" must be an array of dimensions, got undefined$/],
    [a({ shape: 2, data }), {}, /^the shape of tensor "a" must be an array of dimensions, got 2$/],
    [
      a({ shape: Int32Array.of(2), data }),
      {},
      /^the shape of tensor "a" must be an array of dimensions, got an? Int32/,
    ],
    [a({ shape: [3], data }), {}, /^the data of tensor "a" must hold 3 numbers, got 2$/],
    [a({ shape: [-1, -2], data }), {}, /^the shape of tensor "a" must hold non-negative integers, got \[-1, -2\]$/],
    [a({ shape: [0.5, 4], data }), {}, /^the shape of tensor "a" must hold non-negative integers, got \[0\.5, 4\]$/],
    [a({ shape: ['2'], data }), {}, /^the shape of tensor "a" must hold non-negative integers, got \["2"\]$/],
    [a({ shape: new Array(2 ** 32 - 1), data }), {}, /^the shape of tensor "a" must hold non-negative integers, got /],
    [
      a({ shape: [2 ** 40, 2 ** 40, 0], data: new Int8Array(0) }),
      {},
      /^the shape of tensor "a" must take fewer than 2\^53/,
    ],
    [new Map(), null, /^metadata must be an object of strings, got null$/],
    [new Map(), 'text', /^metadata must be an object of strings, got "text"$/],
    [new Map(), ['text'], /^metadata must be an object of strings, got \["text"\]$/],
    [new Map(), new Map([['k', 'v']]), /^metadata must be an object of strings, got a Map$/],
    [new Map(), { k: 1 }, /^metadata "k" must be a string, got 1$/],
    [new Map(), { k: undefined }, /^metadata "k" must be a string, got undefined$/],
    [new Map(), { k: '\udd1e' }, /^metadata "k" must be well-formed Unicode, got /],
    [new Map(), { '\ud834': 'v' }, /^a key of metadata must be well-formed Unicode, got /],
  ];
  for (const [tensors, metadata, message] of faults) {
    const error = t.throws(() => writeSafetensors(tensors as never, metadata as never));
    t.true(error instanceof TypeError || error instanceof RangeError, `${error}`);
    t.regex(error.message.replace(/^writeSafetensors: /, ''), message);
    t.true(error.message.startsWith('writeSafetensors: ') && error.message.length <= 200, error.message);
  }
});
