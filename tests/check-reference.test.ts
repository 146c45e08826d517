// The check of `npm run docs`, on a small sample library.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tapehead-reference-'));
test.after.always(() => rmSync(folder, { recursive: true }));

const complete = `
/** Options of a pump. */
export interface PumpOptions {
  /** Litres a minute. Default 3. */
  rate?: number;
  /** Called at every stroke. */
  onStroke?: (count: number) => void;
  /** Diameter in centimetres. */
  bore: number;
}
/**
 * Moves water.
 * @example
 * new Pump(1);
 */
export declare class Pump {
  /**
   * Creates a pump.
   * @param bore - Diameter in centimetres.
   * @param options - Settings of the pump.
   */
  constructor(bore: number, options?: PumpOptions);
  /** Strokes so far. */
  readonly strokes: number;
  /** Starts the pump. */
  start(): void;
  /** Stops the pump. */
  stop(): Promise<void>;
  /** @internal */
  leak(by: number): number;
}
/** A pump with two barrels. */
export declare abstract class DoublePump extends Pump {}
/** Litres by hour. */
export type Forecast = (hour: number) => number;
/**
 * Adds litres.
 * @param a - Litres.
 * @param options - How to add.
 * @param options.twice - Add twice. Default \`false\`.
 * @returns Litres.
 * @example
 * add(1);
 */
export declare function add(a: number, options?: { twice?: boolean }): number;
`;

const incomplete = `
export interface TapOptions {
  /** Litres a minute. */
  rate?: number;
  bore: number;
}
/** Lets water out. */
export declare class Tap {
  constructor(bore: number);
  /** Opens the tap. @returns */
  open(turns: number): number;
  readonly turns: number;
  get flow(): number;
}
/** Size of a tap. */
export type Size = {
  bore: number;
};
/**
 * Adds litres.
 * @param a -
 * @param options - How to add.
 * @param options.thrice - Add three times.
 */
export declare function sum(a: number, options?: { twice?: boolean; thrice?: boolean }): number;
export declare function drain(): void;
`;

test('a fully documented library passes', (t) => {
  t.deepEqual(check('complete', complete), { status: 0, lines: ['12 of 12 signatures complete'] });
});

test('every gap is reported and fails the check', (t) => {
  const { status, lines } = check('incomplete', complete + incomplete);
  t.is(status, 1);
  t.deepEqual(lines, [
    'Tap: @example',
    'Tap.constructor: summary, @param bore',
    'Tap.turns: summary',
    'Tap.flow: summary',
    'Tap.open: @param turns, @returns',
    'TapOptions: summary',
    'TapOptions.bore: summary',
    'TapOptions.rate: default',
    'Size.bore: summary',
    'drain: summary, @example',
    'sum: @param a, default of options.thrice, @param options.twice, @returns, @example',
    '13 of 24 signatures complete',
  ]);
});

test('a library without public signatures fails the check', (t) => {
  t.deepEqual(check('empty', 'export {};'), { status: 1, lines: ['0 of 0 signatures complete'] });
});

/** What the check prints about the declarations in `source`. */
function check(name: string, source: string): { status: number | null; lines: string[] } {
  const file = `${name}.ts`;
  writeFileSync(join(folder, file), source);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { types: [] }, files: [file] }));
  const json = join(folder, `${name}.json`);
  const typedoc = join(root, 'node_modules/typedoc/bin/typedoc');
  run(typedoc, '--excludeInternal', '--json', json, '--entryPoints', file);
  const { status, stdout } = run(join(root, 'scripts/check-reference.mjs'), json);
  return { status, lines: stdout.trimEnd().split('\n') };
}

function run(...args: string[]) {
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}
