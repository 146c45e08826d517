// Random calls of the public API with valid and hostile arguments: each gives a value or one clear sentence, and harms nothing.
import test from 'ava';
import { recipes } from './fuzz/batch.js';
import { publicCallables } from './fuzz/declarations.js';
import { choiceFrom } from './fuzz/expression.js';
import { fuzz, grouped } from './fuzz/fuzz.js';
import { hostileValues } from './fuzz/hostile.js';
import { faultOf, publicNames } from './fuzz/judge.js';
import { Cook } from './fuzz/recipes.js';
import { invoke } from './fuzz/run-call.js';
import { World } from './fuzz/world.js';
import { seeded } from './support/random-numbers.js';

const callables = publicCallables();

test('20,000 calls: a value or one clear sentence', async (t) => {
  t.timeout(300_000);
  const { calls, failures } = await fuzz({ calls: 20_000, seed: 8 });
  t.is(calls, 20_000);
  for (const [kind, found] of grouped(failures)) t.log(`${found.length} × ${kind}\n  ${found[0]!.text}`);
  t.is(failures.length, 0);
});

test('every function with arguments has a recipe, and every recipe a function', (t) => {
  const names = new Set(callables.filter(({ parameters }) => parameters.length > 0).map(({ name }) => name));
  t.deepEqual(
    [...names].filter((name) => recipes[name] === undefined),
    [],
  );
  t.deepEqual(
    Object.keys(recipes).filter((name) => !names.has(name)),
    [],
  );
  t.true(callables.length > 200 && hostileValues.length > 150);
});

test('valid arguments are accepted', async (t) => {
  const world = await World.create();
  const cook = new Cook(choiceFrom(seeded(5)));
  for (const callable of callables) {
    const recipe = recipes[callable.name];
    if (recipe === undefined) continue;
    const call = () => {
      const receiver = ['method', 'get', 'set'].includes(callable.how) ? world.instance(callable.owner) : undefined;
      const given = recipe(cook).map((each) => each?.make(world));
      return invoke(world, callable, receiver, given);
    };
    // Ops run inside a step only, and what runs steps outside only.
    let refusal: unknown;
    for (const run of [() => world.runtime.step(() => void Promise.resolve(call()).catch(() => {})), () => call()]) {
      try {
        await run();
        refusal = undefined;
        break;
      } catch (error) {
        refusal = error;
      }
    }
    if (!/NormalEquations: must be solved|solved first|exactly one element/.test(`${refusal}`))
      t.is(refusal, undefined, callable.name);
    world.renew(callable.owner === '' ? 'Parameters' : callable.owner);
  }
});

test('a fault is told from a clear sentence', (t) => {
  const names = publicNames(callables);
  const fault = (error: unknown) => faultOf(error, names);
  t.is(fault(new RangeError('linear: weight must have shape [*, 3], got [5, 4]')), undefined);
  t.is(fault(new TypeError('NTM.forward: xs must be a Tensor, got 1')), undefined);
  t.is(fault(new RangeError('out of memory: cannot allocate 1 bytes (2 of 3 in use)')), undefined);
  t.regex(fault(new TypeError("Cannot read properties of undefined (reading 'a')"))!, /^no sentence of the package/);
  t.regex(fault(new TypeError('linear: x.y is not a function'))!, /^an unclear message/);
  t.regex(fault(new RangeError(`linear: ${'x'.repeat(300)}`))!, /^a message of 308 characters/);
  t.regex(fault(new RangeError('linear: one\ntwo'))!, /^a message of several lines/);
  t.regex(fault(new WebAssembly.RuntimeError('unreachable'))!, /^trapped/);
  t.regex(fault('text')!, /^threw string/);
});
