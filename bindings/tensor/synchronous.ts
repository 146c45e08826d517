// Refusal of asynchronous callbacks: a step ends when its function returns, and with it the tensors that a later part would use.
import { failType } from './check.js';

/** `fn` must be a function that is not declared async and no generator. */
export function expectSynchronous(op: string, fn: unknown): void {
  if (typeof fn !== 'function') failType(op, 'fn', 'be a function', fn);
  const kind = Object.prototype.toString.call(fn).slice(8, -1);
  if (kind === 'AsyncFunction') throw new TypeError(`${op}: fn must be synchronous, got an async function`);
  if (kind.endsWith('GeneratorFunction'))
    throw new TypeError(`${op}: fn must be synchronous, got a generator function`);
}

/** Returns `result`, which must not be a promise, another thenable or a generator. A promise is marked as handled. */
export function expectResult<T>(op: string, result: T): T {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return result;
  const kind = Object.prototype.toString.call(result).slice(8, -1);
  if (kind === 'Promise') {
    Promise.prototype.then.call(result, undefined, () => {});
    throw new TypeError(`${op}: fn must be synchronous, but it returned a promise`);
  }
  if (typeof (result as { then?: unknown }).then === 'function') {
    throw new TypeError(`${op}: fn must be synchronous, but it returned a thenable`);
  }
  if (kind === 'Generator' || kind === 'AsyncGenerator') {
    throw new TypeError(`${op}: fn must be synchronous, but it returned a generator`);
  }
  return result;
}
