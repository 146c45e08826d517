// Refusal of asynchronous callbacks: a step ends when its function returns, and with it the tensors that a later part would use.
import { tagOf } from '../engine/bytes.js';
import { failType, isObject } from './check.js';

/** `fn` must be a function that is not declared async, no generator and no class. */
export function expectSynchronous(op: string, fn: unknown): void {
  if (typeof fn !== 'function') failType(op, 'fn', 'be a function', fn);
  const kind = tagOf(fn);
  if (kind === 'AsyncFunction') throw new TypeError(`${op}: fn must be synchronous, got an async function`);
  if (kind.endsWith('GeneratorFunction'))
    throw new TypeError(`${op}: fn must be synchronous, got a generator function`);
  if (isClass(fn as object)) {
    throw new TypeError(`${op}: fn must be a function, got a class`);
  }
}

function isClass(fn: object): boolean {
  return Object.hasOwn(fn, 'prototype') && Object.getOwnPropertyDescriptor(fn, 'prototype')?.writable === false;
}

/** Returns `result`, which must not be a promise, another thenable or a generator. A promise is marked as handled. */
export function expectResult<T>(op: string, result: T): T {
  if (!isObject(result)) return result;
  const kind = tagOf(result);
  if (kind === 'Promise') {
    markAsHandled(result);
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

function markAsHandled(promise: object): void {
  try {
    Promise.prototype.then.call(promise, undefined, () => {});
  } catch {
    // It only looks like a promise.
  }
}
