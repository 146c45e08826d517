// Checks of a saved kernel memory, before one is made from it.
import type { Safetensors } from '../../bindings/io/safetensors.js';
import type { Similarity } from '../../bindings/ops/attention.js';
import { expectNumber, expectOneOf } from '../../bindings/tensor/check.js';
import { MIN_STRENGTH } from './check-fit.js';
import type { KernelMemoryOptions } from './options.js';

/** Returns the options of a saved memory. Throws a RangeError if names or shapes do not belong to one. */
export function expectSaved(op: string, { tensors, metadata }: Safetensors): KernelMemoryOptions {
  const similarity = metadata.similarity as Similarity;
  expectOneOf(op, 'similarity in the metadata', similarity, ['dot', 'l2', 'cosine']);
  const learnStrength = tensors.has('log_strength');
  const [memorySize = 0, keySize = 0] = shapeOf(op, tensors, 'keys', 2);
  const [rows, valueSize = 0] = shapeOf(op, tensors, 'values', 2);
  if (rows !== memorySize) {
    throw new RangeError(`${op}: keys and values must have the same number of rows, got ${memorySize} and ${rows}`);
  }
  const name = learnStrength ? 'log_strength' : 'strength';
  shapeOf(op, tensors, name, 1);
  expectNumber(op, name, Number(tensors.get(name)?.data[0]), learnStrength ? -Infinity : MIN_STRENGTH);
  return { memorySize, keySize, valueSize, similarity, learnStrength };
}

function shapeOf(op: string, tensors: Safetensors['tensors'], name: string, rank: number) {
  const shape = tensors.get(name)?.shape;
  if (shape === undefined) throw new RangeError(`${op}: missing key "${name}"`);
  if (shape.length !== rank) {
    throw new RangeError(`${op}: ${name} must have ${rank} dimension${rank === 1 ? '' : 's'}, got ${shape.length}`);
  }
  return shape;
}
