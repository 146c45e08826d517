// npm run reproduce -- NAME: runs one program, each of which reproduces one published result.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DataError } from '../tools/data-error.js';
import { imageSets, type Program, type ProgramOptions, variants } from './program.js';
import { figureTable, saveResult } from './result.js';

/** Programs by name; only the one that runs is loaded. */
const programs: Readonly<Record<string, () => Promise<{ run: Program }>>> = {
  'gumbel-images': () => import('./gumbel-images/index.js'),
  'gumbel-quadratic': () => import('./gumbel-quadratic/index.js'),
  'kernel-classes': () => import('./kernel-classes/index.js'),
  'kernel-memory': () => import('./kernel-memory/index.js'),
  'kernel-surrogate': () => import('./kernel-surrogate/index.js'),
  'memory-vae': () => import('./memory-vae/index.js'),
  'ntm-copy': () => import('./ntm-copy/index.js'),
  'ntm-copy-seeds': () => import('./ntm-copy-seeds/index.js'),
  'vae-samples': () => import('./vae-samples/index.js'),
};

/** Options that not every program knows. */
const owners = {
  best: ['kernel-memory'],
  updates: ['memory-vae', 'vae-samples'],
  variant: ['memory-vae'],
  set: ['memory-vae', 'vae-samples'],
};

const command = new Command('npm run reproduce --')
  .description('Reproduces a published result.')
  .argument('[name]', `which: ${Object.keys(programs).join(', ')}`)
  .option('--seed <number>', 'seed of everything random', wholeNumber, 1)
  .option('--out <dir>', 'folder for the results (default: runs/<name>)')
  .option('--data <dir>', 'folder of data sets (default: they are fetched into a cache)')
  .option('--quick', 'a short run that shows the program works', false)
  .option('--best', 'the best settings instead of the published ones (kernel-memory)', false)
  .option('--updates <number>', 'updates of the weights (memory-vae, vae-samples)', wholeNumber)
  .addOption(new Option('--variant <name>', 'which memory VAE (memory-vae)').choices(variants).default('default'))
  .addOption(
    new Option('--set <name>', 'which images (memory-vae, vae-samples)').choices(imageSets).default('cifar-10'),
  )
  .parse();
const [name = ''] = command.args;
type Given = Omit<ProgramOptions, 'out' | 'data'> & { readonly out?: string; readonly data?: string };
const options = command.opts<Given>();
const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
if (program === undefined) {
  console.error(`reproduce: the name must be one of ${Object.keys(programs).join(', ')}, got ${JSON.stringify(name)}`);
  process.exit(2);
}
for (const [option, names] of Object.entries(owners)) {
  if (command.getOptionValueSource(option) === 'cli' && !names.includes(name)) {
    console.error(`reproduce: --${option} must be given to ${names.join(' or ')}, got it for ${name}`);
    process.exit(2);
  }
}

const out = fromUser(options.out ?? join('runs', options.best ? `${name}-best` : name));
const data = options.data === undefined ? undefined : fromUser(options.data);
await runAndSave(program).catch(explain);

async function runAndSave(load: () => Promise<{ run: Program }>): Promise<void> {
  mkdirSync(out, { recursive: true });
  // Not only at the end of a long run.
  accessSync(out, constants.W_OK);
  const { run } = await load();
  const start = performance.now();
  const found = await run({ ...options, out, data });
  const seconds = (performance.now() - start) / 1000;
  saveResult(out, { name, seed: options.seed, ...found, seconds });
  if (found.figures.length > 0) console.log(`\n${figureTable(found.figures)}`);
  console.log(`\n${name}: ${seconds.toFixed(1)} s, seed ${options.seed}, results in ${relative('', out)}`);
  process.exitCode = found.figures.every(({ met }) => met) ? 0 : 1;
}

/** What the user can put right, a file that is in the way among it, ends the program with its sentence; the rest is a fault of the program. */
function explain(error: unknown): never {
  const refusedBySystem = error instanceof Error && 'syscall' in error;
  if (!(error instanceof DataError) && !refusedBySystem) throw error;
  console.error(error.message);
  process.exit(2);
}

/** npm runs scripts in the package's folder; paths are meant from where the user stands. */
function fromUser(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number of at least 0.');
  }
  return value;
}
