// npm run bench:peers:report -- FILE: writes the table and the chart of docs/benchmarks.md from the rows of a run.
import { readFileSync } from 'node:fs';
import { savePlot } from '../../tools/plot.js';
import { replaceFile } from '../../tools/replace-file.js';
import { userPath } from '../../tools/user-path.js';
import { chart, table } from './report-parts.js';
import type { MeasuredRow } from './row.js';

const page = 'docs/benchmarks.md';
const [begin, end] = ['<!-- peers: made by npm run bench:peers:report -->', '<!-- end of peers -->'];

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('bench:peers:report: missing FILE, the rows written by npm run bench:peers -- --json FILE');
  process.exit(2);
}
const rows = JSON.parse(readFileSync(userPath(file), 'utf8')) as MeasuredRow[];
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(begin);
const after = rest?.split(end)[1];
if (before === undefined || after === undefined) {
  throw new RangeError(`bench:peers:report: ${page} must hold ${begin} and ${end}`);
}
replaceFile(page, `${before}${begin}\n${table(rows)}\n${end}${after}`);
await savePlot('docs/images/peers.svg', chart(rows));
