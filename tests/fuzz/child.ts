// The process in which calls run: it may hang or die, so that another one watches it.
import { openSync, writeSync } from 'node:fs';
import { type Failure, runBatch } from './batch.js';
import { publicCallables } from './declarations.js';
import { publicNames } from './judge.js';

/** What the watching process sends. */
export interface Order {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** Regular expression of the callables. */
  readonly only: string;
  /** File to which every call is written before it runs. */
  readonly log: string;
}

/** What it is sent back after every batch. */
export interface Report {
  readonly batch: number;
  readonly failures: readonly Failure[];
}

const WIDTH = 4096;

process.once('message', async ({ seed, from, to, only, log }: Order) => {
  const all = publicCallables();
  const callables = all.filter(({ name }) => new RegExp(only).test(name));
  const names = publicNames(all);
  const file = openSync(log, 'w');
  // Promises that hostile functions return, and nobody waits for.
  process.on('unhandledRejection', () => {});
  for (let batch = from; batch < to; batch++) {
    const announce = (text: string) => writeSync(file, text.slice(0, WIDTH).padEnd(WIDTH), 0);
    const report: Report = { batch, failures: await runBatch(callables, names, seed, batch, announce) };
    process.send?.(report);
  }
  process.disconnect();
});
