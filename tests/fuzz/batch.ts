// A batch of calls on a fresh world, from a seed: the unit that can be run again.
import { seeded } from '../support/random-numbers.js';
import type { Callable } from './declarations.js';
import { type Choice, choiceFrom, type Expression, mutated } from './expression.js';
import { hostileValues } from './hostile.js';
import { modelRecipes } from './model-recipes.js';
import { Cook, opRecipes, type Recipe } from './recipes.js';
import { type Call, faultsOf, STATES, textOf } from './run-call.js';
import { typedArguments } from './typed.js';
import { World } from './world.js';

export const BATCH_SIZE = 200;

/** A call that did what it must not. */
export interface Failure {
  readonly seed: number;
  readonly batch: number;
  readonly call: number;
  readonly text: string;
  readonly fault: string;
}

export const recipes: Readonly<Record<string, Recipe>> = { ...opRecipes, ...modelRecipes };

/** Runs the calls of a batch; `announce` receives each before it runs. */
export async function runBatch(
  callables: readonly Callable[],
  names: ReadonlySet<string>,
  seed: number,
  batch: number,
  announce: (text: string) => void,
): Promise<Failure[]> {
  const choice = choiceFrom(seeded(seed * 1_000_003 + batch));
  const calls = Array.from({ length: BATCH_SIZE }, () => generated(choice, callables));
  const { failures, left } = await runCalls(calls, names, announce, false);
  if (left !== 0 && failures.length === 0) {
    announce(`the leak of batch ${batch}`);
    const again = await runCalls(calls, names, () => {}, true);
    failures.push(
      ...again.failures,
      ...(again.failures.length > 0 ? [] : [{ call: -1, text: 'the batch', fault: 'memory is left' }]),
    );
  }
  return failures.map((failure) => ({ seed, batch, ...failure }));
}

type Found = Omit<Failure, 'seed' | 'batch'>;

async function runCalls(
  calls: readonly Call[],
  names: ReadonlySet<string>,
  announce: (text: string) => void,
  tracing: boolean,
): Promise<{ failures: Found[]; left: number }> {
  const world = await World.create();
  const failures: Found[] = [];
  const tainted = new Set<string>();
  let left = 0;
  for (const [i, call] of calls.entries()) {
    const text = textOf(call);
    announce(text);
    const { owner, member } = call.callable;
    const valid = call.valid && !tainted.has(owner);
    if (!call.valid && owner !== '') tainted.add(owner);
    const faults = await faultsOf(world, { ...call, valid }, names);
    failures.push(...faults.map((fault) => ({ call: i, text, fault })));
    if (call.disposed || /dispose|close|finish/.test(member)) world.renew(owner);
    if (!tracing && i < calls.length - 1) continue;
    const now = await world.left();
    if (tracing && now > 0)
      return { failures: [...failures, { call: i, text, fault: 'memory was not given back' }], left: now };
    left = now;
  }
  return { failures, left };
}

/** A call with valid arguments, some of them replaced, or with arguments of the declared types. */
function generated(choice: Choice, callables: readonly Callable[]): Call {
  const cook = new Cook(choice);
  const callable = choice.of(callables);
  const { name, how, parameters } = callable;
  const hostile = () => choice.of(hostileValues);
  const recipe = recipes[name];
  const kind = choice.next();
  let given: (Expression | undefined)[];
  let valid = false;
  if (parameters.length === 0) given = choice.chance(0.9) ? [] : [hostile()];
  else if (kind < 0.1) given = Array.from({ length: choice.index(parameters.length + 2) }, hostile);
  else if (kind < 0.25 || recipe === undefined) given = typedArguments(parameters, cook, hostile);
  else {
    given = recipe(cook);
    valid = kind < 0.5;
    for (let left = valid ? 0 : 1 + choice.index(2); left > 0; left--) {
      const at = choice.index(given.length);
      const old = given[at];
      given[at] = old === undefined || choice.chance(0.3) ? hostile() : mutated(old, choice, hostile);
    }
  }
  const state = stateFor(choice, how);
  return {
    callable,
    given,
    state,
    valid,
    disposed: how === 'method' && choice.chance(0.02),
    backward: choice.chance(0.3),
  };
}

function stateFor(choice: Choice, how: Callable['how']): Call['state'] {
  if (how !== 'function' && choice.chance(0.4)) return 'outside';
  return choice.chance(0.5) ? 'step' : choice.of(STATES);
}
