// The comparison with other libraries: agreement of results, rows, table and chart, with fixed times.
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

/** A timer that returns 6 ms first, for the peer, then 2 ms. */
function fixedTimes(): Timer {
  const times = [6, 2];
  return async () => ({ ms: times.shift() ?? NaN, calls: 7 });
}

test('sides with equal results are timed', async (t) => {
  const row = await rowOf(
    peerCase(() => side(1, -4.00003)),
    'jax-js',
    await load(),
    fixedTimes(),
  );
  t.deepEqual(row, { name: 'work', peer: 'jax-js', ms: 2, peerMs: 6, peerCalls: 7, ratio: 3 });
});

test('a different result of the peer is an error without a time', async (t) => {
  let timed = 0;
  const time: Timer = async () => ({ ms: 2 + timed++, calls: 7 });
  const row = await rowOf(
    peerCase(() => side(1, -4.0005)),
    'jax-js',
    await load(),
    time,
  );
  const error = 'result differs by more than 0.00001 of 4: -4.000500202178955 instead of -4 at index 1';
  t.deepEqual(row, { name: 'work', peer: 'jax-js', ms: 2, peerMs: null, ratio: null, error });
  t.is(timed, 1);
});

test('an error of the peer is reported without paths', async (t) => {
  const missing = () => {
    throw new Error("no './x' in /home/me/node_modules/peer/package.json imported from /home/me/a.js\nmore");
  };
  const row = await rowOf(peerCase(missing), 'jax-js', await load(), fixedTimes());
  t.is(row.error, "no './x' in peer/package.json");
});

test('our own error is thrown, not attributed to the peer', async (t) => {
  const ours = () => {
    throw new TypeError('ours');
  };
  const bench = { ...peerCase(() => side(1)), ours };
  await t.throwsAsync(async () => rowOf(bench, 'jax-js', await load(), fixedTimes()), { instanceOf: TypeError });
});

test('a different length and NaN are refused', (t) => {
  const ours = Float32Array.of(1, 2);
  t.notThrows(() => expectSame(ours, Float32Array.of(1, 2), 0));
  t.throws(() => expectSame(ours, Float32Array.of(1), 1), { message: 'result has 1 numbers instead of 2' });
  t.throws(() => expectSame(ours, Float32Array.of(1, NaN), 1), { instanceOf: RangeError });
});

test('the inputs are the same at every call', async (t) => {
  const runtime = await load();
  t.deepEqual(operands(runtime, [[3, 5], [7]]), operands(runtime, [[3, 5], [7]]));
});

const product = opCases.find(({ name }) => name === 'matmul 64x64x64') as PeerCase;

for (const peer of peerNames) {
  test.serial(`${peer} and tapehead agree on a matrix product`, async (t) => {
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

test('the table holds times, ratios, failures, and the machine once', (t) => {
  const lines = table(rows).split('\n');
  t.is(lines.filter((line) => line === 'A machine, a day.').length, 1);
  t.true(lines.includes('| softmax | 3.00 ms | failed | – | 6.00 ms (3.00 ×) |'));
  t.true(lines.includes('| adam | 2.00 ms | – | – | 6.00 s, one call (3000 ×) |'));
  t.true(lines.includes('- TensorFlow.js: `no kernel` (softmax)'));
});

test('the chart shows rows with a ratio and names failures', (t) => {
  const text = JSON.stringify(chart(rows));
  t.true(text.includes('{"name":"softmax","peer":"jax-js","ratio":3}'));
  t.false(text.includes('"peer":"TensorFlow.js"'));
  t.true(text.includes('{"values":[{"name":"softmax","text":"✕ TensorFlow.js"}]}'));
});
