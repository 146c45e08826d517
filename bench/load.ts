// npm run bench:load: the time from `load()` to the result of the first kernel, in new processes.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../tools/median.js';

const PROCESSES = 21;
const program = fileURLToPath(new URL('first-call.js', import.meta.url));

for (const threads of [1, 2]) {
  const env = { ...process.env, TAPEHEAD_THREADS: `${threads}` };
  const times = Array.from({ length: PROCESSES }, () => Number(execFileSync(process.execPath, [program], { env })));
  const label = `load() and first kernel, ${threads === 1 ? '1 thread' : `${threads} threads`}`;
  console.log(
    `${label}  median ${median(times).toFixed(1)} ms, max of ${PROCESSES} ${Math.max(...times).toFixed(1)} ms`,
  );
}
