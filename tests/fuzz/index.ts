// The command `npm run fuzz -- --calls N --seed S`: random calls of the public API with valid and hostile arguments.
import { Command } from 'commander';
import { fuzz, grouped } from './fuzz.js';

const program = new Command('npm run fuzz --')
  .description(
    'Calls everything in the public API with valid and hostile arguments; lists what is neither a value nor a clear error.',
  )
  .option('--calls <n>', 'number of calls', Number, 100_000)
  .option('--seed <s>', 'seed of the calls', Number, 1)
  .option('--batch <b>', 'run this batch only', Number)
  .option('--only <pattern>', 'call only what matches this regular expression', '.')
  .parse();

const options = program.opts<{ calls: number; seed: number; batch?: number; only: string }>();
const { calls, failures } = await fuzz(options, (done) => {
  if (done % 10_000 < 200) console.log(`${done} calls`);
});
for (const [kind, found] of grouped(failures)) {
  console.log(`\n${found.length} × ${kind}`);
  for (const { seed, batch, call, text } of found.slice(0, 3))
    console.log(`  --seed ${seed} --batch ${batch}, call ${call}: ${text}`);
}
console.log(`\n${calls} calls, ${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;
