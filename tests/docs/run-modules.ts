// Runs compiled modules sequentially in a child process, each with a time limit.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The result of running one module. */
export interface Outcome {
  /** Lines that the module logged. */
  readonly printed: readonly string[];
  /** Why it failed. */
  error?: string;
}

const runner = fileURLToPath(new URL('./module-runner.js', import.meta.url));

/** Runs every file in the working directory `cwd`, even after one that fails, hangs or exits. */
export async function runModules(files: readonly string[], cwd: string, limitMs: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < files.length)
    outcomes.push(...(await runUntilLost(files.slice(outcomes.length), cwd, limitMs)));
  return outcomes;
}

/** Returns the outcomes up to and including the first file that hangs or ends the process. */
function runUntilLost(files: readonly string[], cwd: string, limitMs: number): Promise<Outcome[]> {
  return new Promise((resolve) => {
    const outcomes: Outcome[] = [];
    let lost = 'the process ended';
    const env = { ...process.env, TAPEHEAD_THREADS: '1' };
    const child = fork(runner, { cwd, env, execArgv: ['--enable-source-maps'] });
    const expire = (): void => {
      lost = `not finished after ${limitMs} ms`;
      child.kill('SIGKILL');
    };
    let timer: NodeJS.Timeout | undefined;
    child.on('message', (message: Outcome | 'ready') => {
      if (message !== 'ready') outcomes.push(message);
      clearTimeout(timer);
      timer = setTimeout(expire, limitMs);
    });
    child.on('exit', () => {
      clearTimeout(timer);
      if (outcomes.length < files.length) outcomes.push({ printed: [], error: lost });
      resolve(outcomes);
    });
    child.send(files);
  });
}
