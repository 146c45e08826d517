// The comparison with other libraries: wrong results are refused, and rows are what they promise. Nothing is timed.
import test from 'ava';
import { load } from 'tapehead';
import { opCases } from '../bench/peers/ops.js';
import { chart, table } from '../bench/peers/report-parts.js';
import { expectSame, type PeerCase, peerNames, rowOf, type Side, type Timer } from '../bench/peers/row.js';
import { operands } from '../bench/peers/sides/tapehead.js';

const side = (...numbers: number[]): Side => ({ run: () => undefined, result: () => Float32Array.from(numbers) });

function peerCase(theirs: () => Side): PeerCase {
  const peers = { 'jax-js': theirs, 'TensorFlow.js': theirs, 'onnxruntime-web': theirs };
  return { name: 'work', tolerance: 1e-5, ours: () => side(1, -4), peers };
}

/** 6 ms for the first run it is given, 2 ms for the second; the peer's is timed first. */
function fixedTimes(): Timer {
  const times = [6, 2];
  return async () => ({ ms: times.shift() ?? NaN, calls: 7 });
}

test('results that agree are timed', async (t) => {
  const row = await rowOf(
    peerCase(() => side(1, -4.00003)),
    'jax-js',
    await load(),
    fixedTimes(),
  );
  t.deepEqual(row, { name: 'work', peer: 'jax-js', ms: 2, peerMs: 6, peerCalls: 7, ratio: 3 });
});

test('a wrong result is no time but an error', async (t) => {
  let timed = 0;
  const time: Timer = async () => ({ ms: 2 + timed++, calls: 7 });
  const row = await rowOf(
    peerCase(() => side(1, -4.0005)),
    'jax-js',
    await load(),
    time,
  );
  const error = 'results must agree to 0.00001 of 4, got -4.000500202178955 for -4 at 1';
  t.deepEqual(row, { name: 'work', peer: 'jax-js', ms: 2, peerMs: null, ratio: null, error });
  t.is(timed, 1);
});

test('what a peer throws is told without paths', async (t) => {
  const missing = () => {
    throw new Error("no './x' in /home/me/node_modules/peer/package.json imported from /home/me/a.js\nmore");
  };
  const row = await rowOf(peerCase(missing), 'jax-js', await load(), fixedTimes());
  t.is(row.error, "no './x' in peer/package.json");
});

test('what we throw is not put down to the peer', async (t) => {
  const ours = () => {
    throw new TypeError('ours');
  };
  const bench = { ...peerCase(() => side(1)), ours };
  await t.throwsAsync(async () => rowOf(bench, 'jax-js', await load(), fixedTimes()), { instanceOf: TypeError });
});

test('a length that differs, and NaN, are refused', (t) => {
  const ours = Float32Array.of(1, 2);
  t.notThrows(() => expectSame(ours, Float32Array.of(1, 2), 0));
  t.throws(() => expectSame(ours, Float32Array.of(1), 1), { message: 'results must have 2 numbers, got 1' });
  t.throws(() => expectSame(ours, Float32Array.of(1, NaN), 1), { instanceOf: RangeError });
});

test('the inputs are the same at every call', async (t) => {
  const runtime = await load();
  t.deepEqual(operands(runtime, [[3, 5], [7]]), operands(runtime, [[3, 5], [7]]));
});

const product = opCases.find(({ name }) => name === 'matmul 64x64x64') as PeerCase;

for (const peer of peerNames) {
  test.serial(`${peer} multiplies matrices as we do`, async (t) => {
    const { error, ratio } = await rowOf(product, peer, await load(), fixedTimes());
    t.is(error, undefined);
    t.is(ratio, 3);
  });
}

const where = 'A machine, a day';
const rows = [
  { name: 'softmax', peer: 'jax-js', ms: 2, peerMs: 6, peerCalls: 7, ratio: 3, where },
  { name: 'softmax', peer: 'TensorFlow.js', ms: 4, peerMs: null, ratio: null, error: 'no kernel', where },
  { name: 'adam', peer: 'jax-js', ms: 2, peerMs: 6000, peerCalls: 1, ratio: 3000, where },
] as const;

test('the table tells times, ratios, reasons, and once where they come from', (t) => {
  const lines = table(rows).split('\n');
  t.is(lines.filter((line) => line === 'A machine, a day.').length, 1);
  t.true(lines.includes('| softmax | 3.00 ms | cannot | – | 6.00 ms (3.00 ×) |'));
  t.true(lines.includes('| adam | 2.00 ms | – | – | 6.00 s, one call (3000 ×) |'));
  t.true(lines.includes('- TensorFlow.js: `no kernel` (softmax)'));
});

test('the chart shows the rows that have a ratio, and names who has none', (t) => {
  const text = JSON.stringify(chart(rows));
  t.true(text.includes('{"name":"softmax","peer":"jax-js","ratio":3}'));
  t.false(text.includes('"peer":"TensorFlow.js"'));
  t.true(text.includes('{"values":[{"name":"softmax","text":"✕ TensorFlow.js"}]}'));
});
