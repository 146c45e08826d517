// Scope escape: tensors that the result of an inner scope holds move to the enclosing scope.
import type { Arena } from '../engine/arena.js';
import { isObject } from './check.js';
import { type Scope, Tensor } from './tensor.js';

/** Moves the tensors of `scope` in `result` down to `mark`, gives them to `outer`, and returns the end of the last. */
export function moveToOuter(arena: Arena, result: unknown, scope: Scope, outer: Scope, mark: number): number {
  let end = mark;
  let source = { from: 0, to: 0, moved: 0 };
  // Addresses of views follow those of the tensors they view: they are read before any tensor moves.
  const found = tensorsOf(result, scope).map((tensor) => ({ tensor, from: tensor.pointer }));
  for (const { tensor, from } of found.sort((a, b) => a.from - b.from)) {
    if (from >= source.to) {
      arena.reset(end);
      source = { from, to: from, moved: arena.mark() };
    }
    const to = from + 4 * tensor.size;
    if (to > source.to) {
      // Views may overlap: only what lies beyond the range moved so far is still to be copied.
      const fresh = source.to - source.from;
      arena.copy(source.moved + fresh, source.to, (to - source.to) / 4);
      source.to = to;
      arena.reset(source.moved);
      arena.allocate((to - source.from) / 4);
      end = arena.mark();
    }
    tensor.move(source.moved + (from - source.from), outer);
  }
  return end;
}

/** The tensors of `scope` in `value`, also inside arrays, plain objects, maps and sets, however deep or cyclic. */
export function tensorsOf(value: unknown, scope: Scope): Tensor[] {
  const seen = new Set<unknown>();
  const found: Tensor[] = [];
  const waiting: object[] = [];
  const visit = (part: unknown): void => {
    if (typeof part === 'object' && isObject(part)) waiting.push(part);
  };
  visit(value);
  while (waiting.length > 0) {
    const part = waiting.pop() as object;
    if (seen.has(part)) continue;
    seen.add(part);
    if (part instanceof Tensor) {
      if (part.scope === scope) found.push(part);
    } else for (const inner of partsOf(part)) visit(inner);
  }
  return found;
}

function partsOf(value: object): Iterable<unknown> {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (Array.isArray(value) || value instanceof Set) return value;
  return [Object.prototype, null].includes(Object.getPrototypeOf(value)) ? Object.values(value) : [];
}
