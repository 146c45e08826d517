// step and noGrad refuse asynchronous functions, generators and thenables, and leave no promise unhandled.
import vm from 'node:vm';
import test from 'ava';
import { load, mul, scale, sum } from '../index.js';

const runtime = await load();
const w = runtime.tensor([3], [1], { requiresGrad: true });

/** How a function can be given to a runtime. */
const places: Record<string, (fn: () => unknown) => unknown> = {
  step: (fn) => runtime.step(fn),
  'noGrad outside a step': (fn) => runtime.noGrad(fn),
  'noGrad in a step': (fn) => runtime.step(() => runtime.noGrad(fn)),
  'noGrad in noGrad': (fn) => runtime.noGrad(() => runtime.noGrad(fn)),
};

let ran = 0;

/** Functions that are known for what they are before they run. */
const declared: Record<string, [fn: () => unknown, message: RegExp]> = {
  'an async function': [async () => ran++, /got an async function$/],
  'an async method': [
    {
      async method() {
        ran++;
      },
    }.method,
    /got an async function$/,
  ],
  'a generator function': [
    function* () {
      ran++;
      yield 1;
    },
    /got a generator function$/,
  ],
  'an async generator function': [
    async function* () {
      ran++;
      yield 1;
    },
    /got a generator function$/,
  ],
  'an async function of another realm': [vm.runInNewContext('(async () => 1)'), /got an async function$/],
};

function thenable(object: object): object {
  return Object.defineProperty(object, 'then', { value: () => {} });
}

/** Results that show a function to be asynchronous. */
const results: Record<string, [result: () => unknown, message: RegExp]> = {
  'a promise': [() => Promise.resolve(1), /returned a promise$/],
  'a rejected promise': [() => Promise.reject(new Error('late')), /returned a promise$/],
  'a promise of another realm': [() => vm.runInNewContext('Promise.reject(new Error("late"))'), /returned a promise$/],
  'a promise that rejects later': [
    () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 5)),
    /returned a promise$/,
  ],
  'a thenable': [() => thenable({}), /returned a thenable$/],
  'a callable thenable': [() => thenable(() => {}), /returned a thenable$/],
  'a generator': [
    () =>
      (function* () {
        yield 1;
      })(),
    /returned a generator$/,
  ],
  'an async generator': [
    () =>
      (async function* () {
        yield 1;
      })(),
    /returned a generator$/,
  ],
  'an async function behind a plain one': [() => (async () => 1)(), /returned a promise$/],
};

for (const [place, call] of Object.entries(places)) {
  for (const [name, [fn, message]] of Object.entries(declared)) {
    test.serial(`${place} refuses ${name} before it runs`, (t) => {
      ran = 0;
      t.throws(() => call(fn), { instanceOf: TypeError, message });
      t.is(ran, 0);
    });
  }

  for (const [name, [result, message]] of Object.entries(results)) {
    test.serial(`${place} refuses ${name}`, async (t) => {
      const unhandled: unknown[] = [];
      const listen = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', listen);
      try {
        const error = t.throws(() => call(result), { instanceOf: TypeError, message })!;
        t.regex(error.message, /^Runtime\.(step|noGrad): fn must be synchronous, /);
        await new Promise((resolve) => setTimeout(resolve, name.includes('later') ? 20 : 1));
      } finally {
        process.off('unhandledRejection', listen);
      }
      t.deepEqual(unhandled, []);
      t.is(
        runtime.step(() => mul(w, w).item()),
        9,
        'and the runtime still works',
      );
    });
  }

  test.serial(`${place} passes on what a function throws, and other results`, (t) => {
    const thrown = new Error('mine');
    t.is(
      t.throws(() =>
        call(() => {
          throw thrown;
        }),
      ),
      thrown,
    );
    const fn = () => 1;
    for (const result of [undefined, null, 0, '', 1n, Symbol.iterator, fn, new Map(), [Promise.resolve()]])
      t.is(
        call(() => result),
        result,
      );
  });

  test.serial(`${place} refuses what is no function`, (t) => {
    for (const value of [undefined, null, 1, {}, 'fn', Promise.resolve(), class {}.prototype]) {
      t.throws(() => call(value as never), {
        instanceOf: TypeError,
        message: /^Runtime\.(step|noGrad): fn must be a function, /,
      });
    }
  });
}

test.serial('a refused step frees its memory and consumes no gradient', (t) => {
  const used = runtime.memory.used;
  w.zeroGrad();
  t.throws(() =>
    runtime.step(() => {
      scale(runtime.zeros([1000]), 2);
      return Promise.resolve(sum(scale(w, 1)));
    }),
  );
  t.is(runtime.memory.used, used);
  t.is(w.grad![0], 0);
});

test.serial('a cyclic result of noGrad comes back, and tensors in it with their values', (t) => {
  runtime.step(() => {
    const result = runtime.noGrad(() => {
      const node: { self?: unknown; tensor: unknown; deep: unknown } = { tensor: scale(w, 2), deep: undefined };
      node.self = node;
      let deep: unknown = [scale(w, 3)];
      for (let i = 0; i < 20_000; i++) deep = i % 2 === 0 ? { deep } : [deep];
      node.deep = deep;
      return node;
    });
    t.is(result.self, result);
    t.is((result.tensor as typeof w).item(), 6);
    let deep = result.deep as never;
    for (let i = 19_999; i >= 0; i--) deep = i % 2 === 0 ? (deep as { deep: never }).deep : deep[0];
    t.is((deep as (typeof w)[])[0]!.item(), 9);
  });
});
