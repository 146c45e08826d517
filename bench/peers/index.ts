// npm run bench:peers: times tapehead beside other libraries on WebAssembly, in one process, on the same inputs.
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { load } from 'tapehead';
import { replaceFile } from '../../tools/replace-file.js';
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

const options = new Command('npm run bench:peers --')
  .description('Times tapehead beside TensorFlow.js, onnxruntime-web and jax-js; results are compared first.')
  .option('--only <regex>', 'only rows whose "name, peer" matches', expression)
  .option('--json <file>', 'also write the rows to a file')
  .option('--quick', 'time each side once, to see that it works; the times mean little', false)
  .parse()
  .opts<{ only?: RegExp; json?: string; quick: boolean }>();

const chosen = cases
  .flatMap((bench) => peerNames.map((peer) => ({ bench, peer, title: `${bench.name}, ${peer}` })))
  .filter(({ title }) => options.only?.test(title) ?? true);
if (chosen.length === 0) {
  console.error(`bench:peers: --only must match a row, got ${options.only}`);
  process.exit(2);
}
const runtime = await load();
const where = describeMachine(runtime.info, new Date());
console.log(where);
const rows: MeasuredRow[] = [];
for (const [i, { bench, peer, title }] of chosen.entries()) {
  const row = await rowOf(bench, peer, runtime, (run) => timeOf(title, run, options.quick));
  console.log(`${`${i + 1}/${chosen.length}`.padStart(5)}  ${describe(row)}`);
  rows.push({ ...row, where });
  // After each row: what is there stays when the run is broken off.
  if (options.json !== undefined) save(options.json);
}
runtime.close();

function save(file: string): void {
  const text = `${JSON.stringify(rows, null, 2)}\n`;
  replaceFile(resolve(process.env.INIT_CWD ?? '.', file), new TextEncoder().encode(text));
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw new InvalidArgumentError('It must be a regular expression.');
  }
}

function describe({ name, peer, ms, peerMs, peerCalls, ratio, error }: Row): string {
  const time = (x: number) => `${x.toPrecision(4)} ms`.padStart(14);
  const theirs =
    ratio === null
      ? `  ${error}`
      : `${time(peerMs ?? NaN)}${ratio.toPrecision(4).padStart(10)} x${peerCalls === 1 ? ' (one call)' : ''}`;
  return `${name.padEnd(50)}${time(ms)}  ${peer.padEnd(16)}${theirs}`;
}
