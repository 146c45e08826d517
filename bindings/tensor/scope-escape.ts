// What of an inner scope outlives it: tensors that its result holds, moved to where the scope began.
import type { Arena } from '../engine/arena.js';
import { type Scope, Tensor } from './tensor.js';

/** Moves the tensors of `scope` found in `result` down to `mark`, gives them to `outer`, and returns the end of the last. */
export function keep(arena: Arena, result: unknown, scope: Scope, outer: Scope, mark: number): number {
  const found = new Set<Tensor>();
  collect(result, scope, found);
  let end = mark;
  let source = { from: 0, to: 0, moved: 0 };
  for (const tensor of [...found].sort((a, b) => a.pointer - b.pointer)) {
    const from = tensor.pointer;
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
    tensor.pointer = source.moved + (from - source.from);
    tensor.scope = outer;
  }
  return end;
}

/** Adds the tensors of `scope` inside `value` (arrays and plain objects are looked through) to `found`. */
function collect(value: unknown, scope: Scope, found: Set<Tensor>): void {
  if (value instanceof Tensor) {
    if (value.scope === scope) found.add(value);
  } else if (typeof value === 'object' && value !== null) {
    const plain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
    if (plain) for (const part of Object.values(value)) collect(part, scope, found);
  }
}
