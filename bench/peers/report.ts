// npm run bench:peers:report -- FILE: from the rows of a run, the table and the chart in docs/benchmarks.md.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { savePlot } from '../../reproduce/plot.js';
import { chart, table } from './report-parts.js';
import type { Row } from './row.js';

const packages = ['@tensorflow/tfjs-backend-wasm', 'onnxruntime-web', '@jax-js/jax'];
const page = 'docs/benchmarks.md';
const [begin, end] = ['<!-- peers: made by npm run bench:peers:report -->', '<!-- end of peers -->'];

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('bench:peers:report: FILE must be given: the rows that npm run bench:peers -- --json FILE wrote');
  process.exit(2);
}
const path = resolve(process.env.INIT_CWD ?? '.', file);
const rows = JSON.parse(readFileSync(path, 'utf8')) as Row[];
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (before === undefined || after === undefined) {
  throw new RangeError(`bench:peers:report: ${page} must hold ${begin} and ${end}`);
}
writeFileSync(page, `${before}${begin}\n${table(rows, where(statSync(path).mtime))}\n${end}${after}`);
await savePlot('docs/images/peers.svg', chart(rows));

/** Machine, versions and date. */
function where(date: Date): string {
  const installed = createRequire(resolve('package-lock.json'))('./package-lock.json').packages;
  const versions = packages.map((name) => `${name} ${installed[`node_modules/${name}`].version}`);
  const { node, v8 } = process.versions;
  const machine = `${cpus()[0]?.model}, ${cpus().length} cores`;
  return `${machine}, Node ${node} (V8 ${v8}), ${versions.join(', ')}, ${date.toISOString().slice(0, 10)}.`;
}
