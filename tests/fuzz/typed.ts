// Arguments from declared types alone: the right kinds, in combinations that no recipe has.
import type { Kind, Property } from './declarations.js';
import { array, type Expression, expression, literal, object } from './expression.js';
import type { Cook } from './recipes.js';
import type { World } from './world.js';

/** Arguments of declared types; `hostile` gives what a type of any value takes. */
export function typedArguments(
  parameters: readonly Property[],
  cook: Cook,
  hostile: () => Expression,
): (Expression | undefined)[] {
  return parameters.map(({ optional, kind }) =>
    optional && cook.choice.chance(0.4) ? undefined : typed(kind, cook, hostile),
  );
}

function typed(kind: Kind, cook: Cook, hostile: () => Expression): Expression {
  const { choice } = cook;
  const part = (each: Kind) => typed(each, cook, hostile);
  switch (kind.is) {
    case 'primitive':
      return primitive(kind.name, cook, hostile);
    case 'literal':
      return literal(kind.value);
    case 'union':
      return part(choice.of(kind.of));
    case 'array':
      return array(Array.from({ length: choice.index(4) }, () => part(kind.of)));
    case 'tuple':
      return array(kind.of.map(part));
    case 'function': {
      const returned = part(kind.returns);
      return expression(`() => ${returned.text}`, (world) => () => returned.make(world));
    }
    case 'object': {
      const chosen = kind.properties.filter(({ optional }) => !optional || choice.chance(0.4));
      return object(Object.fromEntries(chosen.map(({ name, kind: of }) => [name, part(of)])));
    }
    case 'instance':
      return instance(kind.name, cook, hostile);
  }
}

function primitive(name: string, cook: Cook, hostile: () => Expression): Expression {
  switch (name) {
    case 'number':
      return cook.choice.chance(0.7) ? cook.integer(0, 6) : cook.number(-2, 2);
    case 'string':
      return cook.oneOf('', 'w', 'a.b', 'simd');
    case 'boolean':
      return cook.boolean();
    case 'bigint':
      return expression('1n', () => 1n);
    case 'undefined':
      return literal(undefined);
    case 'null':
      return expression('null', () => null);
    default:
      return hostile();
  }
}

const languageObjects: Record<string, [text: string, make: (world: World) => unknown]> = {
  ArrayBuffer: ['new ArrayBuffer(16)', () => new ArrayBuffer(16)],
  SharedArrayBuffer: ['new SharedArrayBuffer(16)', () => new SharedArrayBuffer(16)],
  ArrayBufferView: ['new Uint8Array(16)', () => new Uint8Array(16)],
  Map: ['new Map()', () => new Map()],
  Promise: ['Promise.resolve()', () => Promise.resolve()],
  AbortSignal: ['new AbortController().signal', () => new AbortController().signal],
  URL: ["new URL('file:///nothing')", () => new URL('file:///nothing')],
  Module: ['an empty module', () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))],
  LatentModel: ['vae', (world) => world.instance('MemoryVAE')],
};

function instance(name: string, cook: Cook, hostile: () => Expression): Expression {
  const { choice } = cook;
  if (name === 'Tensor')
    return cook.tensor(Array.from({ length: choice.index(5) }, () => cook.size(4) - choice.index(2)));
  if (name === 'ParameterScope' || name === 'Parameters') return cook.parameters;
  if (name === 'ReadonlyMap') return cook.state('Parameters');
  if (name === 'ArrayLike') return cook.numbers(choice.index(7));
  const known = languageObjects[name];
  if (known !== undefined) return expression(...known);
  if (/Array$/.test(name)) return typedArray(name, choice.index(7));
  return choice.chance(0.9) ? expression(`a ${name}`, (world) => world.instance(name)) : hostile();
}

function typedArray(name: string, length: number): Expression {
  const isBig = name.startsWith('Big');
  const type = Reflect.get(globalThis, name) as { from(list: unknown[]): unknown };
  const values = Array.from({ length }, (_, i) => (isBig ? BigInt(i) : i));
  return expression(`${name} of ${length}`, () => type.from(values));
}
