// Tensors as text, in PyTorch's manner: shape and values, long dimensions shortened.
import type { Shape } from './shape.js';

/** What is printed of a tensor. */
interface Printed {
  readonly shape: Shape;
  readonly size: number;
  readonly requiresGrad: boolean;
  /** Why there are no values, where the tensor is dead. */
  readonly end: string;
  at(index: number): number;
}

/** Elements from which on dimensions are shortened, and how many are shown at each end of one. */
const MAX_ELEMENTS = 1000;
const EDGE = 3;
const LINE_WIDTH = 100;

/** `tensor([[1, 2], [3, 4]], shape=[2, 2])`. */
export function formatTensor(tensor: Printed): string {
  const { shape, end } = tensor;
  const notes = [`shape=[${shape.join(', ')}]`, ...(tensor.requiresGrad ? ['requiresGrad=true'] : [])].join(', ');
  if (end !== '') return `tensor(${end}, ${notes})`;
  if (tensor.size === 0) return `tensor([], ${notes})`;
  const shortened = tensor.size > MAX_ELEMENTS;
  const shown = shownNumbers(tensor, shortened);
  const format = formatter(shown);
  return `tensor(${nested(tensor, shortened, format, 0, 0, 'tensor('.length)}, ${notes})`;
}

/** Indices of a dimension that are shown; -1 stands for what is left out. */
function shownIndices(length: number, shortened: boolean): number[] {
  if (!shortened || length <= 2 * EDGE) return Array.from({ length }, (_, i) => i);
  const ends = Array.from({ length: EDGE }, (_, i) => i);
  return [...ends, -1, ...ends.map((i) => length - EDGE + i)];
}

function shownNumbers(tensor: Printed, shortened: boolean): number[] {
  const found: number[] = [];
  const visit = (dim: number, offset: number): void => {
    if (dim === tensor.shape.length) {
      found.push(tensor.at(offset));
      return;
    }
    const length = tensor.shape[dim] as number;
    for (const i of shownIndices(length, shortened)) if (i >= 0) visit(dim + 1, offset * length + i);
  };
  visit(0, 0);
  return found;
}

function nested(
  tensor: Printed,
  shortened: boolean,
  format: (value: number) => string,
  dim: number,
  offset: number,
  indent: number,
): string {
  if (dim === tensor.shape.length) return format(tensor.at(offset));
  const length = tensor.shape[dim] as number;
  const parts = shownIndices(length, shortened).map((i) =>
    i < 0 ? '...' : nested(tensor, shortened, format, dim + 1, offset * length + i, indent + 1),
  );
  const isRow = dim === tensor.shape.length - 1;
  const pad = ' '.repeat(indent + 1);
  if (!isRow) return `[${parts.join(`,${'\n'.repeat(tensor.shape.length - dim - 1)}${pad}`)}]`;
  return `[${wrap(parts, pad)}]`;
}

/** Joins numbers by commas, in lines. */
function wrap(parts: readonly string[], pad: string): string {
  let [text, width] = ['', pad.length];
  for (const [i, part] of parts.entries()) {
    const piece = i === parts.length - 1 ? part : `${part}, `;
    if (width + piece.length > LINE_WIDTH && i > 0) {
      text = `${text.trimEnd()}\n${pad}`;
      width = pad.length;
    }
    text += piece;
    width += piece.length;
  }
  return text;
}

/** Integers without decimals, other numbers with four, or in scientific notation where their magnitudes differ much. */
function formatter(numbers: readonly number[]): (value: number) => string {
  const finite = numbers.filter(Number.isFinite);
  let [largest, smallest] = [0, Infinity];
  for (const value of finite) {
    largest = Math.max(largest, Math.abs(value));
    if (value !== 0) smallest = Math.min(smallest, Math.abs(value));
  }
  const integers = finite.every(Number.isInteger) && largest < 1e8;
  const scientific = !integers && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1e3);
  const plain = (value: number): string => {
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
    if (integers) return `${value}.`;
    return scientific ? value.toExponential(4) : value.toFixed(4);
  };
  const width = numbers.reduce((most, value) => Math.max(most, plain(value).length), 0);
  return (value) => plain(value).padStart(width);
}
