// npm run bench:load: how soon after `load()` the first kernel has run, in processes that are new.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROCESSES = 21;
const program = fileURLToPath(new URL('first-call.js', import.meta.url));

for (const threads of [1, 2]) {
  const env = { ...process.env, TAPEHEAD_THREADS: `${threads}` };
  const times = Array.from({ length: PROCESSES }, () => Number(execFileSync(process.execPath, [program], { env })));
  times.sort((a, b) => a - b);
  const [median, slowest] = [times[(PROCESSES - 1) / 2] as number, times.at(-1) as number];
  const label = `first kernel call after load(), threads: ${threads}`;
  console.log(`${label}  median ${median.toFixed(1)} ms, slowest of ${PROCESSES} ${slowest.toFixed(1)} ms`);
}
