// Safetensors: a file that Python wrote, round trips, and every kind of damage.
import test from 'ava';
import { Adam, load, Parameters, Random, readSafetensors, type SafetensorsInput, writeSafetensors } from '../index.js';
import { seeded } from './support/random-numbers.js';
import { entry, fileOf } from './support/safetensors-file.js';

const runtime = await load();

const everything: [string, SafetensorsInput][] = [
  ['i8', { shape: [3], data: Int8Array.of(-128, 0, 127) }],
  ['f32', { shape: [2, 3], data: Float32Array.of(1, -0, NaN, Infinity, 1e-45, 3e38) }],
  ['bool', { dtype: 'BOOL', shape: [2], data: Uint8Array.of(0, 1) }],
  ['f64', { shape: [1, 2], data: Float64Array.of(Math.PI, 5e-324) }],
  ['u8', { shape: [1], data: Uint8Array.of(255) }],
  ['i64', { shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) }],
  ['u64', { shape: [], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ['i32', { shape: [1], data: Int32Array.of(-(2 ** 31)) }],
  ['u32', { shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
  ['i16', { shape: [1], data: Int16Array.of(-32768) }],
  ['u16', { shape: [1], data: Uint16Array.of(65535) }],
  ['empty', { shape: [0, 9], data: new Float32Array(0) }],
];

test('reads a file that Python wrote', (t) => {
  const { tensors, metadata } = readSafetensors(decode(PYTHON));
  t.deepEqual(metadata, { lr: '0.01' });
  t.deepEqual(
    [...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]),
    [
      ['in.grads', 'F32', [5, 7]],
      ['in.p', 'F32', [7]],
      ['out.trajectory', 'F32', [5, 7]],
    ],
  );
  t.deepEqual(tensors.get('in.p')?.data.slice(0, 2), Float32Array.of(-0.95860672, 0.341225));
  t.is(tensors.get('out.trajectory')?.data.at(-1), Math.fround(-0.50906295));
});

test('reads unaligned data, entries out of order, spaces, and any view of bytes', (t) => {
  const header = `{ "b" : ${entry('I32', [2, 2], [1, 17])},\n"__metadata__":{},\t"a":${entry('U8', [1], [0, 1])}}  `;
  const file = fileOf(header, 17);
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  for (const bytes of [file, file.buffer as ArrayBuffer, shifted.subarray(3), Buffer.from(file)]) {
    const { tensors, metadata } = readSafetensors(bytes);
    t.deepEqual([...tensors.keys()], ['b', 'a']);
    t.deepEqual(tensors.get('b')?.data, Int32Array.of(0x04030201, 0x08070605, 0x0c0b0a09, 0x100f0e0d));
    t.deepEqual(tensors.get('a')?.data, Uint8Array.of(0));
    t.deepEqual(metadata, {});
    tensors.get('a')!.data[0] = 9;
    t.is(file.at(-17), 0, 'the arrays are copies');
  }
});

test('a written file reads back the same, with every tensor aligned', (t) => {
  const metadata = { format: 'pt', ä: '"\\\n𝄞', __proto__x: '' };
  const file = writeSafetensors(new Map(everything), metadata);
  const { tensors, metadata: found } = readSafetensors(file);
  t.deepEqual(found, metadata);
  t.is(tensors.size, everything.length);
  for (const [name, { shape, data, dtype = name.toUpperCase() }] of everything) {
    t.deepEqual(tensors.get(name) as unknown, { dtype: name === 'empty' ? 'F32' : dtype, shape, data });
  }
  // Wider elements first, otherwise in the order given.
  const order = ['f64', 'i64', 'u64', 'f32', 'i32', 'u32', 'empty', 'i16', 'u16', 'i8', 'bool', 'u8'];
  t.deepEqual([...tensors.keys()], order);
  const size = Number(new DataView(file.buffer).getBigUint64(0, true));
  t.is(size % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + size)));
  for (const [name, { data }] of tensors) t.is(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT, 0);
  t.deepEqual(writeSafetensors(tensors, metadata), file, 'the same contents, the same bytes');
});

test('names may be any well-formed Unicode', (t) => {
  const names = ['', '1', '0', '__proto__', 'constructor', 'a.b', '"\\\u0000', 'ä𝄞', 'x'.repeat(10_000)];
  const entries = names.map((name, i): [string, SafetensorsInput] => [name, { shape: [], data: Uint8Array.of(i) }]);
  const metadata = Object.fromEntries(names.map((name) => [name, name]));
  const { tensors, metadata: found } = readSafetensors(writeSafetensors(new Map(entries), metadata));
  t.deepEqual([...tensors.keys()], names);
  t.deepEqual(Object.entries(found), Object.entries(metadata));
  t.deepEqual(readSafetensors(writeSafetensors(new Map())), { tensors: new Map(), metadata: {} });
});

test('parameters and optimizer survive a file', (t) => {
  const make = () => {
    const parameters = new Parameters(runtime);
    parameters.create('weight', [3, 5]);
    parameters.create('bias', [5]);
    return { parameters, optimizer: new Adam(parameters) };
  };
  const [first, second] = [make(), make()];
  new Random(runtime, 1).fillNormal(first.parameters.get('weight'), 0, 1);
  first.optimizer.step();
  second.parameters.loadStateDict(readSafetensors(writeSafetensors(first.parameters.stateDict())).tensors);
  second.optimizer.loadStateDict(readSafetensors(writeSafetensors(first.optimizer.stateDict())).tensors);
  t.deepEqual(second.parameters.stateDict(), first.parameters.stateDict());
  t.deepEqual(second.optimizer.stateDict(), first.optimizer.stateDict());
  // PyTorch keeps counts as 64-bit integers.
  const bias = { shape: [5], data: BigInt64Array.of(1n, 2n, 3n, 4n, -5n) };
  second.parameters.loadStateDict(new Map<string, SafetensorsInput>([...first.parameters.stateDict(), ['bias', bias]]));
  t.deepEqual(second.parameters.get('bias').toArray(), Float32Array.of(1, 2, 3, 4, -5));
});

const one = entry('U8', [4], [0, 4]);
const damages: [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /the file must hold at least 8 bytes, got 0$/],
  ['seven bytes', new Uint8Array(7), /the file must hold at least 8 bytes, got 7$/],
  ['no header', fileOf('', 0), /the header must begin with \{, got ""$/],
  ['a header of 100 MB and a byte', fileOf('{}', 0, 100_000_001n), /be at most 100000000, got 100000001$/],
  ['a size of 2^64 - 1', fileOf('{}', 0, 2n ** 64n - 1n), /be at most 100000000, got 18446744073709551615$/],
  ['a size beyond the file', fileOf('{}', 3, 6n), /be at most 5, the rest of the file, got 6$/],
  ['bytes that are not UTF-8', fileOf(Uint8Array.of(123, 0xff, 125), 0), /must be UTF-8, got other bytes$/],
  ['a byte order mark', fileOf('\ufeff{}', 0), /the header must begin with \{/],
  ['a leading space', fileOf(' {}', 0), /the header must begin with \{, got " \{\}"$/],
  ['an array', fileOf('[]', 0), /the header must begin with \{, got "\[\]"$/],
  ['no closing brace', fileOf(`{"a":${one}`, 4), /have \} at character 52, got the end$/],
  ['a trailing comma', fileOf(`{"a":${one},}`, 4), /have " at character 53, got "\}"$/],
  ['no comma', fileOf(`{"a":${one} "b":${one}}`, 8), /have \} at character 53/],
  ['no colon', fileOf(`{"a" ${one}}`, 4), /have : at character 5/],
  ['text after the header', fileOf(`{"a":${one}} x`, 4), /must end at character 54, except for spaces, got "x"$/],
  [
    'a line feed after the header',
    fileOf(`{"a":${one}}\n`, 4),
    /must end at character 53, except for spaces, got "\\n"$/,
  ],
  ['a NUL after the header', fileOf(`{"a":${one}}\0`, 4), /must end at character 53/],
  ['an unterminated string', fileOf('{"a\\"', 0), /close the string that begins at character 1, got the end$/],
  ['an unknown escape', fileOf(`{"\\x":${one}}`, 4), /have a valid string at character 1, got "\\x"$/],
  ['a line feed in a string', fileOf(`{"\n":${one}}`, 4), /have a valid string at character 1/],
  ['a lone surrogate', fileOf(`{"\\ud834":${one}}`, 4), /have a valid string at character 1, got "\\ud834"$/],
  ['a key that is a number', fileOf(`{1:${one}}`, 4), /have " at character 1/],
  ['a duplicate name', fileOf(`{"a":${one},"a":${one}}`, 4), /unique keys, got "a" twice$/],
  ['a duplicate name, once escaped', fileOf(`{"a":${one},"\\u0061":${one}}`, 4), /got "a" twice$/],
  ['duplicate metadata', fileOf('{"__metadata__":{},"__metadata__":{}}', 0), /got "__metadata__" twice$/],
  ['a duplicate metadata key', fileOf('{"__metadata__":{"k":"1","k":"2"}}', 0), /got "k" twice$/],
  ['metadata that is a number', fileOf('{"__metadata__":{"k":1}}', 0), /have " at character 21/],
  ['metadata that is null', fileOf('{"__metadata__":null}', 0), /have \{ at character 16/],
  ['an entry that is an array', fileOf('{"a":[]}', 0), /have \{ at character 5/],
  ['an empty entry', fileOf('{"a":{}}', 0), /tensor "a" must have dtype, shape and data_offsets, got none of them$/],
  ['no dtype', fileOf('{"a":{"shape":[4],"data_offsets":[0,4]}}', 4), /got shape and data_offsets$/],
  ['no shape', fileOf('{"a":{"dtype":"U8","data_offsets":[0,4]}}', 4), /got dtype and data_offsets$/],
  ['no offsets', fileOf('{"a":{"dtype":"U8","shape":[4]}}', 4), /got dtype and shape$/],
  [
    'an unknown field',
    fileOf(`{"a":${one.slice(0, -1)},"x":1}}`, 4),
    /have only dtype, shape and data_offsets, got "x"$/,
  ],
  ['a duplicate field', fileOf(`{"a":${one.slice(0, -1)},"shape":[4]}}`, 4), /unique keys, got "shape" twice$/],
  [
    'an unknown dtype',
    fileOf(`{"a":${entry('u8', [4], [0, 4])}}`, 4),
    /the dtype of tensor "a" must be one of .*got "u8"$/,
  ],
  ['a dtype named like a method', fileOf(`{"a":${entry('toString', [4], [0, 4])}}`, 4), /got "toString"$/],
  ['8-bit floats', fileOf(`{"a":${entry('F8_E4M3', [4], [0, 4])}}`, 4), /BOOL, F16, BF16, got "F8_E4M3"$/],
  [
    'half floats of half the size',
    fileOf(`{"a":${entry('F16', [4], [0, 4])}}`, 4),
    /take 8 bytes, by shape and dtype, got 4$/,
  ],
  ['a dtype that is a number', fileOf(`{"a":${entry(8, [4], [0, 4])}}`, 4), /have " at character 14/],
  ['a shape that is a number', fileOf(`{"a":${entry('U8', 4, [0, 4])}}`, 4), /have \[ at character/],
  ['a negative dimension', fileOf(`{"a":${entry('U8', [-4], [0, 4])}}`, 4), /have an integer ≥ 0 at/],
  ['a fractional dimension', fileOf(`{"a":${entry('U8', [0.5], [0, 4])}}`, 4), /have \] at character/],
  ['an exponent', fileOf('{"a":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}', 4), /have \] at character/],
  [
    'a leading zero',
    fileOf('{"a":{"dtype":"U8","shape":[04],"data_offsets":[0,4]}}', 4),
    /without leading zeros .* got 04$/,
  ],
  ['a dimension of 2^53', fileOf(`{"a":${entry('U8', [2 ** 53], [0, 4])}}`, 4), /below 2\^53/],
  [
    'a dimension of 400 digits',
    fileOf(`{"a":${one.replace('[4]', `[${'9'.repeat(400)}]`)}}`, 4),
    /below 2\^53 .* got 9{50}…$/,
  ],
  ['a shape that overflows', fileOf(`{"a":${entry('U8', [2 ** 30, 2 ** 30], [0, 4])}}`, 4), /fewer than 2\^53 bytes/],
  [
    'a shape that overflows to 0',
    fileOf(`{"a":${entry('U8', [2 ** 32, 2 ** 32, 0], [0, 0])}}`, 0),
    /fewer than 2\^53 bytes/,
  ],
  ['a shape too large', fileOf(`{"a":${entry('U8', [5], [0, 4])}}`, 4), /take 5 bytes, by shape and dtype, got 4$/],
  ['a shape too small', fileOf(`{"a":${entry('F32', [], [0, 8])}}`, 8), /take 4 bytes, by shape and dtype, got 8$/],
  ['one offset', fileOf(`{"a":${entry('U8', [0], [0])}}`, 0), /data_offsets of tensor "a" must be two numbers, got 1$/],
  ['three offsets', fileOf(`{"a":${entry('U8', [4], [0, 4, 4])}}`, 4), /must be two numbers, got 3$/],
  ['decreasing offsets', fileOf(`{"a":${entry('U8', [4], [4, 0])}}`, 4), /take 4 bytes, by shape and dtype, got -4$/],
  [
    'a gap before the first tensor',
    fileOf(`{"a":${entry('U8', [4], [1, 5])}}`, 5),
    /begin at offset 0, the end of the last, got 1$/,
  ],
  [
    'a gap between tensors',
    fileOf(`{"a":${one},"b":${entry('U8', [4], [5, 9])}}`, 9),
    /tensor "b" must begin at offset 4, the end of the last, got 5$/,
  ],
  [
    'an overlap',
    fileOf(`{"b":${entry('U8', [4], [3, 7])},"a":${one}}`, 7),
    /tensor "b" must begin at offset 4, the end of the last, got 3$/,
  ],
  ['the same data twice', fileOf(`{"a":${one},"b":${one}}`, 4), /begin at offset 4, the end of the last, got 0$/],
  ['data past the end of the file', fileOf(`{"a":${one}}`, 3), /take all 3 bytes after the header, got 4$/],
  ['bytes after the data', fileOf(`{"a":${one}}`, 5), /take all 5 bytes after the header, got 4$/],
  ['data without a tensor', fileOf('{}', 1), /take all 1 bytes after the header, got 0$/],
];

for (const [name, file, message] of damages) {
  test(`refused: ${name}`, (t) => {
    const error = t.throws(() => readSafetensors(file), { instanceOf: RangeError, message });
    t.true(error?.message.startsWith('readSafetensors: ') && error.message.length < 250, error?.message);
  });
}

test('anything but bytes is refused', (t) => {
  for (const value of [undefined, null, 'text', [1, 2], {}]) {
    t.throws(() => readSafetensors(value as never), {
      instanceOf: TypeError,
      message: /^readSafetensors: bytes must be a Uint8Array or an ArrayBuffer, got /,
    });
  }
});

test('a randomly damaged file is read or refused with a RangeError', (t) => {
  const random = seeded(1);
  const below = (limit: number) => Math.floor(random() * limit);
  const file = writeSafetensors(new Map(everything), { format: 'pt', step: '12' });
  const start = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const counts = { read: 0, refused: 0 };
  for (let round = 0; round < 20_000; round++) {
    let damaged = file.slice();
    let first = file.length;
    for (let flips = below(3); flips >= 0; flips--) {
      const at = below(2) ? below(start) : start + below(file.length - start);
      damaged[at]! ^= 1 << below(8);
      first = Math.min(first, at);
    }
    if (below(4) === 0) damaged = damaged.slice(0, below(file.length));
    if (below(8) === 0) damaged = Uint8Array.of(...damaged, ...new Uint8Array(below(9)));
    try {
      const { tensors, metadata } = readSafetensors(damaged);
      counts.read++;
      t.is(damaged.length, file.length);
      if (first >= start) t.deepEqual(writeSafetensors(tensors, metadata), damaged);
    } catch (error) {
      counts.refused++;
      if (!(error instanceof RangeError) || !error.message.startsWith('readSafetensors: ')) throw error;
      if (first >= start && damaged.length === file.length) throw error;
    }
  }
  t.true(counts.read > 2000 && counts.refused > 2000, JSON.stringify(counts));
});

const PYTHON =
  '6AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJsciI6IjAuMDEifSwiaW4uZ3JhZHMiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzUsN10sImRhdGFf' +
  'b2Zmc2V0cyI6WzAsMTQwXX0sImluLnAiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzddLCJkYXRhX29mZnNldHMiOlsxNDAsMTY4XX0sIm91dC50' +
  'cmFqZWN0b3J5Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOls1LDddLCJkYXRhX29mZnNldHMiOlsxNjgsMzA4XX19ICAgICAgS2G7vi+yTr5SG5++' +
  '1VTWvnr8Pz9xsRG/i46vv+R4wr1igNm9Kmkuv7Mwzb+M67K/6KpGPkUTwL9Rtsu9aXQQPrlwzr9S5IG/7iRtPlQJ8z+Hops+CZ2pPxyGh79/xwc+' +
  'Ce+2vylelL4jSq4/ZE91v9fV1j4Zq1U/lMSrP22ufr9sJ+6+S0kJPiX8JL5AZ3W/C7WuPh0WHr+CT+C/scULP2RKhb+/3yC/Z3d0v529rz51Sh2/' +
  'VsbfvzXaCT/nj4S/5Vwdv1Bhc7/uNrE+rdQav5g93b/xsws/oyeEv4FcFr/XJXK/nNGxPuV8FL80qdm/iMYMP/k3hr+R1hC/Vm50v5bItz5lHg+/' +
  'JJzUv5J7Dj+o0Ym/BmoJv1+Pd7/j4Lg+y7gNv2XKzr+/NRE/GjuNv/NRAr8=';

function decode(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
