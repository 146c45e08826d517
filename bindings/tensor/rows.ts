// Data by rows: a tensor, or numbers outside the runtime's memory that are copied in a block at a time.
import { tagOf } from '../engine/bytes.js';
import { fail, failType, isArray, isObject } from './check.js';
import { expectTensor } from './check-tensor.js';
import type { Runtime } from './runtime.js';
import type { Shape } from './shape.js';
import { Tensor } from './tensor.js';

/** A matrix of data: a tensor [N, columns], or numbers outside the runtime's memory, row-major. */
export type Rows =
  | Tensor
  | {
      /** [N, columns]. */
      readonly shape: Shape;
      /** N·columns numbers. */
      readonly data: Float32Array;
    };

const BLOCK_ROWS = 1024;

/** `argument` must be a matrix with rows and columns, of finite numbers; an error names the row that is not finite. */
export function expectRows(op: string, argument: string, rows: Rows): { count: number; columns: number } {
  if (rows instanceof Tensor) expectTensor(op, argument, rows);
  else if (!isObject(rows) || tagOf(rows.data) !== 'Float32Array' || !isArray(rows.shape)) {
    failType(op, argument, 'be a Tensor or { shape, data: Float32Array }', rows);
  }
  const [count, columns, ...rest] = rows.shape;
  if (!isPositive(count) || !isPositive(columns) || rest.length > 0) {
    fail(op, argument, 'have at least one row and one column', rows.shape);
  }
  if (!(rows instanceof Tensor) && rows.data.length !== count * columns) {
    fail(op, argument, `hold ${count * columns} numbers`, rows.data.length);
  }
  for (let row = 0; row < count; row += BLOCK_ROWS) {
    const block = numbersIn(rows, row, Math.min(BLOCK_ROWS, count - row));
    const at = block.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) fail(op, argument, `hold finite numbers in row ${row + Math.floor(at / columns)}`, block[at]);
  }
  return { count, columns };
}

/** `count` rows from row `from` on: a view of a tensor, a copy in the running step of anything else. */
export function rowsOf(runtime: Runtime, rows: Rows, from: number, count: number): Tensor {
  const columns = rows.shape[1] as number;
  const shape = [count, columns];
  if (rows instanceof Tensor) return rows.view(4 * from * columns, shape, false);
  return runtime.tensor(numbersIn(rows, from, count), shape);
}

function numbersIn(rows: Rows, from: number, count: number): Float32Array {
  const columns = rows.shape[1] as number;
  if (!(rows instanceof Tensor)) return rows.data.subarray(from * columns, (from + count) * columns);
  return rows.runtime.arena.read(rows.pointer + 4 * from * columns, count * columns);
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
