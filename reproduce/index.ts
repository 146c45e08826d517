// npm run reproduce -- NAME: runs a program that reproduces a published result.
import { accessSync, constants, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { DataError } from '../tools/data-error.js';
import { userPath } from '../tools/user-path.js';
import { imageSets, type Program, type ProgramOptions, variants } from './program.js';
import { figureTable, saveResult } from './result.js';

/** Programs by name; only the chosen one is loaded. */
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

/** Options that only some programs accept. */
const owners = {
  best: ['kernel-memory'],
  updates: ['memory-vae', 'vae-samples'],
  variant: ['memory-vae'],
  set: ['memory-vae', 'vae-samples'],
};

const command = new Command('npm run reproduce --')
  .description('Reproduces a published result.')
  .argument('[name]', `program to run: ${Object.keys(programs).join(', ')}`)
  .option('--seed <number>', 'random seed', nonNegativeInteger, 1)
  .option('--out <dir>', 'output folder (default: runs/<name>)')
  .option('--data <dir>', 'folder of the data sets (default: download them to a cache)')
  .option('--quick', 'short run that only shows that the program works', false)
  .option('--best', 'use the best known settings instead of the published ones (kernel-memory)', false)
  .option('--updates <number>', 'number of training updates (memory-vae, vae-samples)', nonNegativeInteger)
  .addOption(
    new Option('--variant <name>', 'variant of the memory VAE (memory-vae)').choices(variants).default('default'),
  )
  .addOption(new Option('--set <name>', 'data set (memory-vae, vae-samples)').choices(imageSets).default('cifar-10'))
  .parse();
const [name = ''] = command.args;
type Given = Omit<ProgramOptions, 'out' | 'data'> & { readonly out?: string; readonly data?: string };
const options = command.opts<Given>();
const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
if (program === undefined) {
  console.error(`reproduce: unknown program ${JSON.stringify(name)}; programs are ${Object.keys(programs).join(', ')}`);
  process.exit(2);
}
for (const [option, names] of Object.entries(owners)) {
  if (command.getOptionValueSource(option) === 'cli' && !names.includes(name)) {
    console.error(`reproduce: --${option} is an option of ${names.join(' and ')}, not of ${name}`);
    process.exit(2);
  }
}

const out = userPath(options.out ?? join('runs', options.best ? `${name}-best` : name));
const data = options.data === undefined ? undefined : userPath(options.data);
await runAndSave(program).catch(explain);

async function runAndSave(load: () => Promise<{ run: Program }>): Promise<void> {
  mkdirSync(out, { recursive: true });
  // Fails now rather than at the end of a long run.
  accessSync(out, constants.W_OK);
  const { run } = await load();
  const start = performance.now();
  const result = await run({ ...options, out, data });
  const seconds = (performance.now() - start) / 1000;
  saveResult(out, { name, seed: options.seed, ...result, seconds });
  if (result.figures.length > 0) console.log(`\n${figureTable(result.figures)}`);
  console.log(`\n${name}: ${seconds.toFixed(1)} s, seed ${options.seed}, results in ${relative('', out)}`);
  process.exitCode = result.figures.every(({ met }) => met) ? 0 : 1;
}

/**
 * Errors that the user can fix, such as a missing permission, end the program with one sentence; others are bugs and
 * keep their stack.
 */
function explain(error: unknown): never {
  const refusedBySystem = error instanceof Error && 'syscall' in error;
  if (!(error instanceof DataError) && !refusedBySystem) throw error;
  console.error(error.message);
  process.exit(2);
}

function nonNegativeInteger(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a non-negative integer.');
  }
  return value;
}
