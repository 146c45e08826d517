// Runs one generated call in a state of the runtime, and judges what it did.
import { isDeepStrictEqual } from 'node:util';
import { tagOf } from '../../bindings/engine/bytes.js';
import { Runtime, type Tensor } from '../../index.js';
import type { Callable } from './declarations.js';
import type { Expression } from './expression.js';
import { faultOf, partsOf } from './judge.js';
import type { World } from './world.js';

export const STATES = [
  'outside',
  'step',
  'noGrad',
  'noGrad in a step',
  'step that detects anomalies',
  'step of another runtime',
] as const;

export interface Call {
  readonly callable: Callable;
  readonly given: readonly (Expression | undefined)[];
  readonly state: (typeof STATES)[number];
  /** Whether all arguments are valid, so that finite numbers must come out. */
  readonly valid: boolean;
  /** Whether the receiver is disposed of first. */
  readonly disposed: boolean;
  /** Whether a backward pass follows. */
  readonly backward: boolean;
}

const MAX_CPU_MS = 2000;
const MAX_WAIT_MS = 5000;

/** The call as text: `step: linear(tensor[2, 3], NaN)`. */
export function textOf({ callable, given, state, disposed, backward }: Call): string {
  const { name, how } = callable;
  const texts = given.map((each) => each?.text ?? 'undefined');
  while (texts.at(-1) === 'undefined') texts.pop();
  const shown =
    how === 'get'
      ? name
      : how === 'set'
        ? `${name} = ${texts}`
        : `${how === 'construct' ? 'new ' : ''}${name}(${texts.join(', ')})`;
  return `${state}: ${disposed ? 'disposed ' : ''}${shown}${backward ? ' and backward' : ''}`;
}

/** Everything that is wrong with what the call does. */
export async function faultsOf(world: World, call: Call, names: ReadonlySet<string>): Promise<string[]> {
  const faults: string[] = [];
  const before = world.runtime.memory.used;
  let outcome: Outcome = { threw: false, value: undefined };
  const started = process.cpuUsage();
  try {
    const marks = world.marks();
    inState(world, call.state, () => {
      outcome = attempt(world, call, faults, marks);
      if (call.backward && !outcome.threw) faults.push(...backwardFaults(world, outcome.value, call.valid, names));
    });
  } catch (error) {
    faults.push(`the step itself threw ${error}`);
  }
  const { user, system } = process.cpuUsage(started);
  if (user + system > 1000 * MAX_CPU_MS) faults.push(`took ${Math.round((user + system) / 1e6)} s of CPU time`);
  if (!outcome.threw && tagOf(outcome.value) === 'Promise')
    outcome = await settled(outcome.value as Promise<unknown>, faults);
  if (outcome.threw) {
    const fault = faultOf(outcome.value, names);
    if (fault !== undefined) faults.push(fault);
    const left = world.runtime.memory.used - before;
    if (left > 0 && !/outside|another/.test(call.state))
      faults.push(`a refused call left memory in use after the step (${outcome.value})`);
  }
  if (outcome.value instanceof Runtime && outcome.value !== world.runtime) outcome.value.close();
  if (!world.isWhole) faults.push('another tensor was overwritten');
  return faults;
}

interface Outcome {
  readonly threw: boolean;
  readonly value: unknown;
}

function inState({ runtime, other }: World, state: Call['state'], fn: () => void): void {
  if (state === 'outside') fn();
  else if (state === 'step') runtime.step(fn);
  else if (state === 'noGrad') runtime.noGrad(fn);
  else if (state === 'noGrad in a step') runtime.step(() => runtime.noGrad(fn));
  else if (state === 'step that detects anomalies') runtime.step(fn, { detectAnomaly: true });
  else other.step(fn);
}

/** Makes the arguments and calls; a call that throws must not have changed anything. */
function attempt(
  world: World,
  { callable, given, disposed, valid }: Call,
  faults: string[],
  marks: readonly number[],
): Outcome {
  let values: unknown[];
  let receiver: object | undefined;
  try {
    receiver = ['method', 'get', 'set'].includes(callable.how) ? world.instance(callable.owner) : undefined;
    if (disposed) (receiver as { dispose?: () => void }).dispose?.();
    values = given.map((each) => each?.make(world));
  } catch (error) {
    if (/out of memory|inside runtime.step|another runtime|disposed/.test(`${error}`))
      return { threw: false, value: undefined };
    throw error;
  }
  const before = remembered(world, marks);
  try {
    const value = invoke(world, callable, receiver, values);
    if (valid) faults.push(...notFinite(value, callable.name));
    return { threw: false, value };
  } catch (error) {
    const after = remembered(world, marks);
    // What runs out of memory, or comes to an object that is disposed, in a step has taken memory that the step gives back.
    const isLate = /^out of memory/.test((error as Error)?.message) || error instanceof ReferenceError;
    for (const key of Object.keys(before)) {
      if (isLate && (key === 'step memory' || key === 'memory in use')) continue;
      if (!isUnchanged(before[key], after[key])) faults.push(`a refused call changed ${key} (${error})`);
    }
    return { threw: true, value: error };
  }
}

/** Memory that was added later is no change. */
function isUnchanged(before: unknown, after: unknown): boolean {
  if (!(before instanceof Uint8Array) || !(after instanceof Uint8Array)) return isDeepStrictEqual(before, after);
  return Buffer.compare(before, after.subarray(0, before.length)) === 0;
}

/** What no refused call may change. */
function remembered(world: World, marks: readonly number[]): Record<string, unknown> {
  const [own, other] = world.snapshot(marks);
  const { runtime } = world;
  return {
    'memory in use': [runtime.memory.used, world.other.memory.used],
    'step memory': [runtime.arena.mark(), world.other.arena.mark()],
    values: own,
    'values of another runtime': other,
    'a random stream': [world.random.state, world.otherRandom.state],
    'image batches': (world.instance('ImageBatches') as { state: unknown }).state,
  };
}

/** Calls it: the result. */
export function invoke(
  world: World,
  { how, owner, member }: Callable,
  receiver: object | undefined,
  values: unknown[],
): unknown {
  const exported = world.module as unknown as Record<string, never>;
  switch (how) {
    case 'function':
      return (exported[member] as unknown as (...args: unknown[]) => unknown)(...values);
    case 'construct':
      return Reflect.construct(exported[owner] as never, values);
    case 'static':
      return Reflect.apply(Reflect.get(exported[owner] as unknown as object, member), exported[owner], values);
    case 'method':
      return Reflect.apply(Reflect.get(receiver as object, member), receiver, values);
    case 'get':
      return Reflect.get(receiver as object, member);
    case 'set':
      // `Reflect.set` would not throw what the setter throws otherwise.
      (receiver as Record<string, unknown>)[member] = values[0];
      return undefined;
  }
}

/** NaN or infinities in the result of valid arguments. */
function notFinite(value: unknown, name: string): string[] {
  const holdsFinite = (part: unknown) => {
    const { scope } = part as { scope?: { alive: boolean } };
    if (scope !== undefined && !scope.alive) return true;
    const values = ArrayBuffer.isView(part) ? part : (part as Tensor).toArray();
    return !(values instanceof Float32Array) || values.every(Number.isFinite);
  };
  return partsOf(value).every(holdsFinite) ? [] : [`${name} gave NaN or an infinity for finite arguments`];
}

function backwardFaults({ runtime }: World, value: unknown, valid: boolean, names: ReadonlySet<string>): string[] {
  const outputs = partsOf(value).filter((part): part is Tensor => {
    const tensor = part as Tensor;
    return !ArrayBuffer.isView(part) && tensor.runtime === runtime && tensor.scope.alive && tensor.requiresGrad;
  });
  if (outputs.length === 0) return [];
  try {
    const upstream = outputs.map(({ size }) => new Float32Array(size).fill(0.5));
    runtime.backward(outputs, upstream);
    const allFinite = outputs.every(({ grad }) => grad === null || grad.every(Number.isFinite));
    return valid && !allFinite ? ['backward gave NaN or an infinity for finite values'] : [];
  } catch (error) {
    const fault = faultOf(error, names);
    return fault === undefined ? [] : [`backward: ${fault}`];
  }
}

async function settled(promise: Promise<unknown>, faults: string[]): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      faults.push(`a promise was not settled after ${MAX_WAIT_MS} ms`);
      resolve({ threw: false, value: undefined });
    }, MAX_WAIT_MS);
  });
  const outcome = promise.then(
    (value): Outcome => ({ threw: false, value }),
    (error): Outcome => ({ threw: true, value: error }),
  );
  const first = await Promise.race([outcome, late]);
  clearTimeout(timer);
  return first;
}
