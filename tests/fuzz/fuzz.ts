// Runs batches of generated calls in child processes, and watches them.
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BATCH_SIZE, type Failure } from './batch.js';
import type { Order, Report } from './child.js';
import { kindOf } from './judge.js';

const MAX_BATCH_MS = 60_000;

/** Calls made, and those that did what they must not. */
export interface Outcome {
  readonly calls: number;
  readonly failures: readonly Failure[];
}

/** Makes at least `calls` calls, or those of one batch. A process that dies or hangs is replaced. */
export async function fuzz(
  { calls, seed, only = '.', batch }: { calls: number; seed: number; only?: string; batch?: number },
  progress: (done: number) => void = () => {},
): Promise<Outcome> {
  const [first, end] = batch === undefined ? [0, Math.ceil(calls / BATCH_SIZE)] : [batch, batch + 1];
  const folder = mkdtempSync(join(tmpdir(), 'tapehead-fuzz-'));
  const log = join(folder, 'call.txt');
  const failures: Failure[] = [];
  try {
    for (let from = first; from < end; ) {
      const order: Order = { seed, from, to: end, only, log };
      const { next, death } = await watch(order, ({ failures: found, batch: done }) => {
        failures.push(...found);
        progress((done + 1 - first) * BATCH_SIZE);
      });
      if (death !== undefined) {
        const text = existsSync(log) ? readFileSync(log, 'utf8').trim() : 'before the first call';
        failures.push({ seed, batch: next, call: -1, text, fault: death });
      }
      from = death === undefined ? next : next + 1;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { calls: (end - first) * BATCH_SIZE, failures };
}

/** Runs a child until it ends: the next batch, and why the child died before it was done. */
function watch(order: Order, report: (report: Report) => void): Promise<{ next: number; death: string | undefined }> {
  const child = fork(fileURLToPath(new URL('child.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let next = order.from;
  let isHung = false;
  const kill = () => {
    isHung = true;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(kill, MAX_BATCH_MS);
  child.on('message', (message: Report) => {
    clearTimeout(timer);
    timer = setTimeout(kill, MAX_BATCH_MS);
    next = message.batch + 1;
    report(message);
  });
  child.send(order);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      const death = isHung
        ? 'hung'
        : next < order.to
          ? `the process died: ${signal ?? `exit code ${code}`}`
          : undefined;
      resolve({ next, death });
    });
  });
}

/** Failures by kind, the most frequent first. */
export function grouped(failures: readonly Failure[]): Map<string, Failure[]> {
  const groups = new Map<string, Failure[]>();
  for (const failure of failures) {
    const callable = failure.text.replace(/^[^:]*: (disposed )?(new )?/, '').match(/^[\w.]*/)?.[0] ?? '';
    const kind = `${callable}: ${kindOf(failure.fault)}`;
    groups.set(kind, [...(groups.get(kind) ?? []), failure]);
  }
  return new Map([...groups].sort(([, a], [, b]) => b.length - a.length));
}
