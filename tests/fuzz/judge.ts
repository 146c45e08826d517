// What a call may do: give a value, or throw one clear sentence before any work.
import { isObject } from '../../bindings/tensor/check.js';
import { Tensor } from '../../index.js';
import type { Callable } from './declarations.js';
import { HostileError } from './hostile.js';

const MAX_LENGTH = 200;
/** Sentences of the memory and of the threads, which no function of the API can name. */
const OF_NO_FUNCTION = /^(out of memory: |the runtime has lost a thread )/;

/** Names that a message can begin with: `linear`, `Linear`, `Linear.forward`, and bare names of methods. */
export function publicNames(callables: readonly Callable[]): ReadonlySet<string> {
  return new Set(callables.flatMap(({ name, member, owner }) => [name, member, owner]).filter((name) => name !== ''));
}

/** What is wrong with an error, or undefined. */
export function faultOf(error: unknown, names: ReadonlySet<string>): string | undefined {
  if (isHostile(error)) return undefined;
  if (!(error instanceof Error)) return `threw ${typeof error}, which is no Error`;
  const { message, name } = error;
  const shown = `${name}: ${shorten(message)}`;
  if (error instanceof WebAssembly.RuntimeError) return `trapped: ${shown}`;
  if (message.length > MAX_LENGTH) return `a message of ${message.length} characters: ${shown}`;
  if (/\n/.test(message)) return `a message of several lines: ${shown}`;
  if (OF_NO_FUNCTION.test(message)) return undefined;
  const [start = ''] = message.split(':');
  if (!names.has(start) || !message.startsWith(`${start}: `)) return `no sentence of the package: ${shown}`;
  if (/undefined \(|is not a function|Cannot |is not iterable|\[object/.test(message))
    return `an unclear message: ${shown}`;
  return undefined;
}

/** Whether a hostile value threw it, also as the reason that the package gives. */
function isHostile(error: unknown): boolean {
  return error instanceof HostileError || (error instanceof Error && error.cause instanceof HostileError);
}

/** Tensors and typed arrays in a result. */
export function partsOf(value: unknown, depth = 0): unknown[] {
  if (typeof value !== 'object' || !isObject(value) || depth > 3) return [];
  if (ArrayBuffer.isView(value) || value instanceof Tensor) return [value];
  const inner = value instanceof Map ? [...value.values()] : Array.isArray(value) ? value : Object.values(value);
  return inner.slice(0, 50).flatMap((part) => partsOf(part, depth + 1));
}

/** A message without its numbers and texts: failures of one kind have the same. */
export function kindOf(fault: string): string {
  return fault
    .replace(/"[^"]*"?/g, '"…"')
    .replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/g, '#')
    .replace(/\[[^\]]*\]?/g, '[…]');
}

function shorten(text: string): string {
  const line = text.replace(/\n/g, '\\n');
  return line.length <= 160 ? line : `${line.slice(0, 160)}…`;
}
