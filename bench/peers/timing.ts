// Times one side of a row with benny.
import benny from 'benny';
import { bunch, samples } from '../bunch.js';
import type { Time } from './row.js';

/** A run that takes longer is timed once. */
const SLOW_MS = 5000;

/** Median time; with `quick` it runs once. */
export async function timeOf(name: string, run: () => unknown, quick: boolean): Promise<Time> {
  const start = performance.now();
  await run();
  const first = performance.now() - start;
  if (quick || first > SLOW_MS) return { ms: first, calls: 1 };
  const bunched = await bunch(run, false);
  let time: Time | undefined;
  await benny.suite(
    name,
    benny.configure({ cases: samples(false) }),
    benny.add(name, bunched.run),
    benny.cycle(({ details, samples }) => {
      time = { ms: (1000 * details.median) / bunched.repeats, calls: samples * bunched.repeats };
    }),
  );
  if (time === undefined) throw new Error(`bench: benny must time ${name}`);
  return time;
}
