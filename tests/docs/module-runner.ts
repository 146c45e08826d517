// The child process of run-modules.ts: imports modules sequentially, without network access.
import { Socket } from 'node:net';
import { pathToFileURL } from 'node:url';
import { formatWithOptions } from 'node:util';
import type { Outcome } from './run-modules.js';

Socket.prototype.connect = () => {
  throw new Error('an example must not use the network');
};

let printed: string[] = [];
console.log = (...values: unknown[]) => {
  printed.push(...formatWithOptions({ colors: false }, ...values).split('\n'));
};

process.on('message', async (files: string[]) => {
  process.send?.('ready');
  for (const file of files) {
    printed = [];
    const outcome: Outcome = { printed };
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      outcome.error = error instanceof Error ? `${error.stack}` : `${error}`;
    }
    process.send?.(outcome);
  }
  process.disconnect();
});
