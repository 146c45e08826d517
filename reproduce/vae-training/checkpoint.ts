// Checkpoints on disk: tensors and a JSON state. Damaged or non-finite ones are refused with one sentence.
import { readFileSync } from 'node:fs';
import { readSafetensors, type StateDict, type StateSource, writeSafetensors } from 'tapehead';
import { DataError } from '../../tools/data-error.js';
import { replaceFile } from '../../tools/replace-file.js';

/**
 * Replaces the checkpoint. Throws a DataError and keeps the last one if a number is not finite or the file cannot be
 * written.
 */
export function writeCheckpoint(path: string, tensors: StateDict, state: unknown): void {
  expectFinite(`${path}: training has diverged; the last checkpoint is kept`, tensors);
  replaceFile(path, writeSafetensors(tensors, { format: 'pt', tapehead: JSON.stringify(state) }));
}

/**
 * Reads a checkpoint and passes it to `use`. Throws a DataError that names the file if it is damaged or does not match.
 */
export function useCheckpoint<State>(path: string, use: (tensors: StateSource, state: State) => void): void {
  try {
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    if (metadata.tapehead === undefined) throw new DataError('not a checkpoint of this program');
    expectFinite('training cannot resume', tensors);
    use(tensors, JSON.parse(metadata.tapehead));
  } catch (error) {
    throw new DataError(`${path}: ${(error as Error).message}; delete it or choose another folder with --out`);
  }
}

function expectFinite(problem: string, tensors: StateSource): void {
  for (const [name, { data }] of tensors) {
    for (let i = 0; i < data.length; i++) {
      if (Number.isFinite(Number(data[i]))) continue;
      throw new DataError(`${problem}: ${name} must hold finite numbers, got ${data[i]} at index ${i}`);
    }
  }
}
