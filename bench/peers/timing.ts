// Times one side of a row with benny.
import benny from 'benny';
import { batched, benchOptions } from '../batch.js';
import type { Time } from './row.js';

/** Runs that take longer are timed once. */
const SLOW_MS = 5000;

/** Measures the median time of a run; with `quick`, it runs once. */
export async function timeOf(name: string, run: () => unknown, quick: boolean): Promise<Time> {
  const start = performance.now();
  await run();
  const first = performance.now() - start;
  if (quick || first > SLOW_MS) return { ms: first, calls: 1 };
  const batch = await batched(run, false);
  let time: Time | undefined;
  await benny.suite(
    name,
    benny.configure({ cases: benchOptions(false) }),
    benny.add(name, batch.run),
    benny.cycle(({ details, samples }) => {
      time = { ms: (1000 * details.median) / batch.repeats, calls: samples * batch.repeats };
    }),
  );
  if (time === undefined) throw new Error(`bench: benny has not timed ${name}`);
  return time;
}
