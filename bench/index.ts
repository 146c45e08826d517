// npm run bench: times every op and a whole training step on one thread.
import { Command } from 'commander';
import { load } from 'tapehead';
import { replaceFile } from '../tools/replace-file.js';
import { userPath } from '../tools/user-path.js';
import { measure } from './measure.js';
import { regularExpression } from './options.js';
import { reportOf } from './report.js';

const { only, json, quick } = new Command('npm run bench --')
  .description('Times every op and a whole training step on one thread, relative to the peak of this machine.')
  .option('--only <regex>', 'only benches with a matching name', regularExpression, /./)
  .option('--json <file>', 'also write the results to a file')
  .option('--quick', 'run each bench once, to check that it works; the times are not meaningful', false)
  .parse()
  .opts<{ only: RegExp; json?: string; quick: boolean }>();

const rows = await measure(only, quick);
if (rows.length === 0) {
  console.error(`bench: no bench has a name that matches ${only}`);
  process.exit(2);
}
if (json !== undefined) {
  const { variant } = (await load({ threads: 1 })).info;
  replaceFile(userPath(json), `${JSON.stringify(reportOf(rows, variant), null, 2)}\n`);
}
