// Threads: the same bits for any number of them; lost, closed, garbage-collected and idle threads.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import test from 'ava';
import { Threads } from '../bindings/engine/threads.js';
import { load, type Runtime } from '../index.js';
import { closeRounds, product } from './support/close-rounds.js';
import { modelNames, trainedHash } from './support/model-trainings.js';

const counts = [1, 2, 3, 8];

/** Number of jobs that ran on several threads, of all runtimes here. */
let jobs = 0;
const { run } = Threads.prototype;
Threads.prototype.run = function (...args) {
  jobs++;
  return run.apply(this, args);
};

for (const name of modelNames) {
  test.serial(`${name}: the same weights, bit for bit, on ${counts.join(', ')} threads`, async (t) => {
    const hashes: string[] = [];
    for (const threads of counts) {
      const runtime = await load({ threads });
      await runtime.ready;
      t.is(runtime.info.threads, threads, runtime.info.reason);
      jobs = 0;
      hashes.push(await trainedHash(name, runtime, 3));
      t.is(jobs > 0, threads > 1, `${jobs} jobs on ${threads} threads`);
      runtime.close();
    }
    t.is(new Set(hashes).size, 1, hashes.join(' '));
  });
}

test('info gives the number of threads and the reason', async (t) => {
  const [one, three] = [await load({ threads: 1 }), await load({ threads: 3 })];
  t.regex(one.info.reason, /one thread, as requested$/);
  t.is(three.info.threads, 3);
  t.regex(three.info.reason, /3 threads as requested$/);
  three.close();
  await t.throwsAsync(load({ threads: 0 }), { instanceOf: RangeError, message: /threads must/ });
  await t.throwsAsync(load({ threads: 65 }), {
    instanceOf: RangeError,
    message: /threads must be an integer in \[1, 64\], got 65/,
  });
  await t.throwsAsync(load({ variant: 'fast' as never }), {
    instanceOf: RangeError,
    message: /^load: variant must be 'simd' or 'relaxed', got "fast"$/,
  });
});

test('without SharedArrayBuffer there is one thread, and info says why', async (t) => {
  const { stdout } = await script(`
    delete globalThis.SharedArrayBuffer;
    const { load } = await import(index);
    const { threads, reason } = (await load({ threads: 4 })).info;
    console.log(threads, reason);
  `);
  t.regex(stdout, /^1 .*SharedArrayBuffer is unavailable/);
});

test('after close the caller does all work, and info says so', async (t) => {
  const runtime = await load({ threads: 2 });
  t.is(product(runtime), 65536);
  runtime.close();
  t.is(product(runtime), 65536);
  t.is(runtime.info.threads, 1);
  t.regex(runtime.info.reason, /2 threads as requested, until runtime.close\(\)$/);
  runtime.close();
});

test('ready resolves on one thread, when threads are up, and at close', async (t) => {
  await (await load({ threads: 1 })).ready;
  const runtime = await load({ threads: 3 });
  await runtime.ready;
  const early = await load({ threads: 3 });
  early.close();
  await early.ready;
  t.is(product(runtime), 65536);
  runtime.close();
});

const { Worker } = createRequire(import.meta.url)('node:worker_threads') as typeof import('node:worker_threads');
type Started = InstanceType<typeof Worker> & { start: { control: SharedArrayBuffer } };

/** Loads a runtime on three threads; returns its workers too. `send` false keeps back what they need to start. */
async function loadWithWorkers(send: boolean): Promise<[Runtime, Started[]]> {
  const workers: Started[] = [];
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (start) {
    workers.push(Object.assign(this, { start }));
    if (send) postMessage.call(this, start);
  };
  try {
    return [await load({ threads: 3 }), workers];
  } finally {
    Worker.prototype.postMessage = postMessage;
  }
}

test.serial('after a worker was killed, the next step throws, and close restores the runtime', async (t) => {
  const [runtime, workers] = await loadWithWorkers(true);
  await runtime.ready;
  t.is(product(runtime), 65536);
  await workers[1]!.terminate();
  t.throws(() => product(runtime), {
    message: /^the runtime has lost a thread \(thread 2 exited with code 1\); call runtime\.close\(\) to go on/,
  });
  runtime.close();
  t.is(product(runtime), 65536);
  t.is(runtime.info.threads, 1);
});

test.serial('close does not wait for a worker that was terminated while active', async (t) => {
  const [runtime, workers] = await loadWithWorkers(true);
  await runtime.ready;
  // ACTIVE of the control block.
  Atomics.add(new Int32Array(workers[0]!.start.control), 16, 1);
  const start = performance.now();
  runtime.close();
  t.is(product(runtime), 65536);
  t.true(performance.now() - start < 10_000);
});

test.serial('a worker that does not start within 30 seconds is given up on', async (t) => {
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((fn: () => void, ms: number) =>
    setTimeout(fn, ms === 30_000 ? 50 : ms)) as typeof setTimeout;
  const [runtime] = await loadWithWorkers(false);
  globalThis.setTimeout = setTimeout;
  await runtime.ready;
  t.is(runtime.info.threads, 1);
  t.regex(
    runtime.info.reason,
    /but thread 1 did not start within 30 seconds, thread 2 did not start within 30 seconds$/,
  );
  t.is(product(runtime), 65536);
  runtime.close();
});

test.serial('200 rounds of load, work, close and work, on four threads, never hang', async (t) => {
  const { longestMs } = await closeRounds(200, 4, 'work');
  t.true(longestMs < 10_000, `a round took ${longestMs} ms`);
});

/** Runs rounds in a new process. */
async function roundsInProcess(rounds: number, kind: string): Promise<{ residentMiB: number; reservedMiB: number }> {
  const { stdout } = await script(`
    const { closeRounds } = await import(new URL('tests/support/close-rounds.js', index));
    console.log(JSON.stringify(await closeRounds(${rounds}, 2, '${kind}')));
  `);
  return JSON.parse(stdout);
}

for (const [title, kind] of [
  ['closed', 'grow'],
  ['unreachable', 'abandon'],
] as const) {
  test.serial(`25 ${title} runtimes of 64 MiB give their memory back`, async (t) => {
    const { residentMiB } = await roundsInProcess(25, kind);
    t.true(residentMiB < 900, `${residentMiB} MiB`);
  });
}

test.serial('a tight loop of load and close takes little address space', async (t) => {
  const { residentMiB, reservedMiB } = await roundsInProcess(300, 'nothing');
  t.true(reservedMiB < 2 ** 20, `${reservedMiB} MiB reserved`);
  t.true(residentMiB < 600, `${residentMiB} MiB`);
});

test('a kernel that traps on any thread throws', async (t) => {
  const runtime = await load({ threads: 2 });
  await runtime.ready;
  const [y, x] = [runtime.zeros([8]).pointer, 2 ** 32 - 2 ** 20];
  t.throws(() => runtime.kernels.add(y, x, x, 2 ** 20), { message: /out of bounds|trapped on a worker/ });
  runtime.close();
});

/** Runs a script in a new process, which must exit by itself, and returns its output. */
function script(text: string): Promise<{ stdout: string }> {
  const index = JSON.stringify(new URL('../index.js', import.meta.url).href);
  const run = promisify(execFile);
  return run(process.execPath, [...process.execArgv, '--input-type=module', '-e', `const index = ${index};\n${text}`], {
    timeout: 60_000,
  });
}

const sharedWork = `
  const { load, matmul } = await import(index);
  const runtime = await load({ threads: 3 });
  await runtime.ready;
  const work = () => runtime.step(() => matmul(runtime.zeros([256, 256]), runtime.zeros([256, 256])).size);
  work();
`;

test('worker threads do not keep a process alive', async (t) => {
  t.regex((await script(`${sharedWork} console.log(runtime.info.threads)`)).stdout, /^3/);
});

test('process.exit ends a process with worker threads', async (t) => {
  const { code } = (await t.throwsAsync(script(`${sharedWork} process.exit(7)`))) as Error & { code: number };
  t.is(code, 7);
});

test('the worker threads of a garbage-collected runtime terminate', async (t) => {
  const { stdout } = await script(`
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const { terminate } = Worker.prototype;
    Worker.prototype.terminate = function () {
      console.log('ended');
      return terminate.call(this);
    };
    process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
    const gc = process.getBuiltinModule('node:vm').runInNewContext('gc');
    const { load, matmul } = await import(index);
    await (async () => {
      const runtime = await load({ threads: 3 });
      runtime.step(() => matmul(runtime.zeros([256, 256]), runtime.zeros([256, 256])).size);
    })();
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      gc();
    }
  `);
  t.is(stdout, 'ended\nended\n');
});

test('idle threads use no CPU time', async (t) => {
  const { stdout } = await script(`${sharedWork}
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1e6);
  `);
  t.true(Number(stdout) < 0.3, `${stdout} seconds of a second`);
});
