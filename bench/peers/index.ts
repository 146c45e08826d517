// npm run bench:peers: times tapehead beside other libraries on WebAssembly, in one process, on the same inputs.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { load } from 'tapehead';
import { adamCase } from './adam.js';
import { opCases } from './ops.js';
import { type PeerCase, peerNames, type Row, rowOf } from './row.js';
import { benchTimer } from './timing.js';
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
  .flatMap((bench) => peerNames.filter((peer) => peer in bench.peers).map((peer) => ({ bench, peer })))
  .filter(({ bench, peer }) => options.only?.test(`${bench.name}, ${peer}`) ?? true);
if (chosen.length === 0) {
  console.error(`bench:peers: --only must match a row, got ${options.only}`);
  process.exit(2);
}
const rows: Row[] = [];
const runtime = await load();
for (const { bench, peer } of chosen) {
  const row = await rowOf(bench, peer, runtime, benchTimer(`${bench.name}, ${peer}`, options.quick));
  console.log(describe(row));
  rows.push(row);
}
runtime.close();
if (options.json !== undefined) {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', options.json), `${JSON.stringify(rows, null, 2)}\n`);
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw new InvalidArgumentError('It must be a regular expression.');
  }
}

function describe({ name, peer, ms, peerMs, ratio, error }: Row): string {
  const time = (x: number) => `${x.toPrecision(4)} ms`.padStart(14);
  const theirs = ratio === null ? `  ${error}` : `${time(peerMs ?? NaN)}${ratio.toPrecision(4).padStart(10)} x`;
  return `${name.padEnd(50)}${time(ms)}  ${peer.padEnd(16)}${theirs}`;
}
