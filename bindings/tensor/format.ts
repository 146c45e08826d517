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

/** PyTorch's print options: elements up to which all are shown, elements at each edge otherwise, characters in a line, decimals. */
const MAX_SHOWN = 1000;
const EDGE = 3;
const LINE_WIDTH = 80;
const PRECISION = 4;

/** Numbers in one column: their width, and each as text. */
interface Format {
  readonly width: number;
  text(value: number): string;
}

/** `tensor([[1, 2], [3, 4]], shape=[2, 2])`. */
export function formatTensor(tensor: Printed): string {
  const { shape, end } = tensor;
  const notes = [`shape=[${shape.join(', ')}]`, ...(tensor.requiresGrad ? ['requiresGrad=true'] : [])].join(', ');
  if (end !== '') return `tensor(${end}, ${notes})`;
  if (tensor.size === 0) return `tensor([], ${notes})`;
  const shortened = tensor.size > MAX_SHOWN;
  const format = formatOf(shownNumbers(tensor, shortened));
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

/** The elements from `offset` on in brackets; `indent` is the column of the bracket. */
function nested(
  tensor: Printed,
  shortened: boolean,
  format: Format,
  dim: number,
  offset: number,
  indent: number,
): string {
  const rest = tensor.shape.length - dim;
  if (rest === 0) return format.text(tensor.at(offset));
  const length = tensor.shape[dim] as number;
  const parts = shownIndices(length, shortened).map((i) => {
    if (i < 0) return rest === 1 ? ' ...' : '...';
    return nested(tensor, shortened, format, dim + 1, offset * length + i, indent + 1);
  });
  const pad = ' '.repeat(indent + 1);
  if (rest > 1) return `[${parts.join(`,${'\n'.repeat(rest - 1)}${pad}`)}]`;
  const perLine = Math.max(1, Math.floor((LINE_WIDTH - indent) / (format.width + 2)));
  const lines = Array.from({ length: Math.ceil(parts.length / perLine) }, (_, i) =>
    parts.slice(i * perLine, (i + 1) * perLine).join(', '),
  );
  return `[${lines.join(`,\n${pad}`)}]`;
}

/** Integers without decimals, other numbers with four, or in scientific notation where magnitudes differ by more than 1000. */
function formatOf(numbers: readonly number[]): Format {
  const counted = numbers.filter((value) => Number.isFinite(value) && value !== 0);
  let [largest, smallest] = [0, Infinity];
  for (const value of counted) {
    largest = Math.max(largest, Math.abs(value));
    smallest = Math.min(smallest, Math.abs(value));
  }
  const integers = counted.every(Number.isInteger);
  const scientific = largest / smallest > 1000 || largest > 1e8 || smallest < 1e-4;
  const plain = (value: number): string => {
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
    if (Object.is(value, -0)) return `-${plain(0)}`;
    if (scientific) return exponential(value);
    return integers ? `${value}.` : evened(value.toFixed(PRECISION), value.toFixed(20), '');
  };
  const width = counted.reduce((most, value) => Math.max(most, plain(value).length), 1);
  return { width, text: (value) => plain(value).padStart(width) };
}

/** Scientific notation with at least two digits in the exponent. */
function exponential(value: number): string {
  const [short = '', exponent = ''] = value.toExponential(PRECISION).split('e');
  const [long = '', sameExponent = ''] = value.toExponential(20).split('e');
  const padded = `e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  return exponent === sameExponent ? evened(short, long, padded) : `${short}${padded}`;
}

/** JavaScript rounds halves up, C and PyTorch to even: `long` shows whether `value` lies half-way. */
function evened(short: string, long: string, end: string): string {
  const at = long.indexOf('.') + 1 + PRECISION;
  const isHalf = /^50*$/.test(long.slice(at)) && Number(long[at - 1]) % 2 === 0;
  return `${isHalf ? long.slice(0, at) : short}${end}`;
}
