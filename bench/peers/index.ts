// npm run bench:peers: times tapehead and other WebAssembly libraries in one process on the same inputs.
import { Command } from 'commander';
import { load } from 'tapehead';
import { replaceFile } from '../../tools/replace-file.js';
import { userPath } from '../../tools/user-path.js';
import { regularExpression } from '../options.js';
import { adamCase } from './adam.js';
import { describeMachine } from './machine.js';
import { opCases } from './ops.js';
import { type MeasuredRow, type PeerCase, peerNames, type Row, rowOf } from './row.js';
import { timeOf } from './timing.js';
import { autoencoderCase } from './training/autoencoder.js';
import { kernelMemoryCase } from './training/kernel-memory.js';
import { mlpCase } from './training/mlp.js';
import { ntmCases } from './training/ntm.js';

const cases: readonly PeerCase[] = [...opCases, adamCase, ...ntmCases, mlpCase, kernelMemoryCase, autoencoderCase];

const { only, json, quick } = new Command('npm run bench:peers --')
  .description('Times tapehead, TensorFlow.js, onnxruntime-web and jax-js, after checking that their results agree.')
  .option('--only <regex>', 'only rows with a matching "name, peer"', regularExpression, /./)
  .option('--json <file>', 'also write the rows to a file')
  .option('--quick', 'run each side once, to check that it works; the times are not meaningful', false)
  .parse()
  .opts<{ only: RegExp; json?: string; quick: boolean }>();

const chosen = cases
  .flatMap((bench) => peerNames.map((peer) => ({ bench, peer, title: `${bench.name}, ${peer}` })))
  .filter(({ title }) => only.test(title));
if (chosen.length === 0) {
  console.error(`bench:peers: no row has a name that matches ${only}`);
  process.exit(2);
}
const runtime = await load();
const where = describeMachine(runtime.info, new Date());
console.log(where);
const rows: MeasuredRow[] = [];
for (const [i, { bench, peer, title }] of chosen.entries()) {
  const row = await rowOf(bench, peer, runtime, (run) => timeOf(title, run, quick));
  console.log(`${`${i + 1}/${chosen.length}`.padStart(5)}  ${describe(row)}`);
  rows.push({ ...row, where });
  // After each row, so that an interrupted run keeps its results.
  if (json !== undefined) replaceFile(userPath(json), `${JSON.stringify(rows, null, 2)}\n`);
}
runtime.close();

function describe({ name, peer, ms, peerMs, peerCalls, ratio, error }: Row): string {
  const time = (x: number) => `${x.toPrecision(4)} ms`.padStart(14);
  const theirs =
    ratio === null
      ? `  ${error}`
      : `${time(peerMs ?? NaN)}${ratio.toPrecision(4).padStart(10)} x${peerCalls === 1 ? ' (one call)' : ''}`;
  return `${name.padEnd(50)}${time(ms)}  ${peer.padEnd(16)}${theirs}`;
}
