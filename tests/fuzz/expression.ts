// Arguments as expressions: values that can be made again and again, and printed as source text.
import type { World } from './world.js';

/** A value and its text. Values are created when a call is made, in its runtime and step. */
export interface Expression {
  readonly text: string;
  readonly make: (world: World) => unknown;
  /** The parts of an object or an array, so that one of them can be replaced. */
  readonly fields?: Readonly<Record<string, Expression>>;
  readonly items?: readonly Expression[];
}

/** A seeded source of choices. */
export interface Choice {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, count). */
  index(count: number): number;
  /** True with probability p. */
  chance(p: number): boolean;
  of<T>(values: readonly T[]): T;
}

export function choiceFrom(next: () => number): Choice {
  const index = (count: number) => Math.floor(next() * count);
  return { next, index, chance: (p) => next() < p, of: (values) => values[index(values.length)] as never };
}

export function expression(text: string, make: (world: World) => unknown): Expression {
  return { text, make };
}

/** A number, a string, a boolean or undefined, as it is. */
export function literal(value: string | number | boolean | undefined): Expression {
  const text = Object.is(value, -0) ? '-0' : typeof value === 'string' ? JSON.stringify(value) : `${value}`;
  return { text, make: () => value };
}

export function object(fields: Readonly<Record<string, Expression | undefined>>): Expression {
  const present = Object.entries(fields).filter((entry): entry is [string, Expression] => entry[1] !== undefined);
  return {
    text: `{ ${present.map(([name, { text }]) => `${name}: ${text}`).join(', ')} }`,
    make: (world) => Object.fromEntries(present.map(([name, { make }]) => [name, make(world)])),
    fields: Object.fromEntries(present),
  };
}

export function array(items: readonly Expression[]): Expression {
  return {
    text: `[${items.map(({ text }) => text).join(', ')}]`,
    make: (world) => items.map(({ make }) => make(world)),
    items,
  };
}

/** Replaces a part of `given`, however deep, by what `replacement` returns; sometimes adds or drops a part. */
export function mutated(given: Expression, choice: Choice, replacement: () => Expression): Expression {
  if (given.fields !== undefined && choice.chance(0.8)) {
    const { fields } = given;
    const names = Object.keys(fields);
    if (names.length === 0 || choice.chance(0.08)) return object({ ...fields, [choice.of(EXTRA_KEYS)]: replacement() });
    const name = choice.of(names);
    if (choice.chance(0.1)) return object({ ...fields, [name]: undefined });
    return object({ ...fields, [name]: mutated(fields[name] as Expression, choice, replacement) });
  }
  if (given.items !== undefined && given.items.length > 0 && choice.chance(0.6)) {
    const items = [...given.items];
    const at = choice.index(items.length);
    if (choice.chance(0.1)) items.splice(at, 1);
    else items[at] = mutated(items[at] as Expression, choice, replacement);
    return array(items);
  }
  return replacement();
}

const EXTRA_KEYS = ['optoin', 'toString', 'constructor', '', 'length'];
