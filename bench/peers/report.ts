// npm run bench:peers:report -- FILE: from the rows of a run, the table and the chart in docs/benchmarks.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { savePlot } from '../../tools/plot.js';
import { chart, table } from './report-parts.js';
import type { MeasuredRow } from './row.js';

const page = 'docs/benchmarks.md';
const [begin, end] = ['<!-- peers: made by npm run bench:peers:report -->', '<!-- end of peers -->'];

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('bench:peers:report: FILE must be given: the rows that npm run bench:peers -- --json FILE wrote');
  process.exit(2);
}
const rows = JSON.parse(readFileSync(resolve(process.env.INIT_CWD ?? '.', file), 'utf8')) as MeasuredRow[];
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (before === undefined || after === undefined) {
  throw new RangeError(`bench:peers:report: ${page} must hold ${begin} and ${end}`);
}
writeFileSync(page, `${before}${begin}\n${table(rows)}\n${end}${after}`);
await savePlot('docs/images/peers.svg', chart(rows));
