// Checkpoints on disk: numbers and a state as JSON, all of it whole and finite, or one sentence about what is wrong.
import { readFileSync } from 'node:fs';
import { readSafetensors, type StateDict, type StateSource, writeSafetensors } from 'tapehead';
import { DataError } from '../../tools/data-error.js';
import { replaceFile } from '../../tools/replace-file.js';

/** Replaces the checkpoint. Throws a DataError, leaving the last one, where a number is not finite or the file cannot be written. */
export function writeCheckpoint(path: string, tensors: StateDict, state: unknown): void {
  expectFinite(`${path}: training has diverged, so the last checkpoint stays as it is`, tensors);
  replaceFile(path, writeSafetensors(tensors, { format: 'pt', tapehead: JSON.stringify(state) }));
}

/** Reads a checkpoint and gives it to `use`. Throws a DataError that names the file where it is damaged or does not fit. */
export function useCheckpoint<State>(path: string, use: (tensors: StateSource, state: State) => void): void {
  try {
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    if (metadata.tapehead === undefined) throw new DataError('it is no checkpoint of this program');
    expectFinite('it cannot be gone on from', tensors);
    use(tensors, JSON.parse(metadata.tapehead));
  } catch (error) {
    throw new DataError(`${path}: ${(error as Error).message}; name another folder with --out, or delete it`);
  }
}

function expectFinite(what: string, tensors: StateSource): void {
  for (const [name, { data }] of tensors) {
    for (let place = 0; place < data.length; place++) {
      if (Number.isFinite(Number(data[place]))) continue;
      throw new DataError(`${what}: ${name} must hold finite numbers, got ${data[place]} at place ${place}`);
    }
  }
}
