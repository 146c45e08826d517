// Progress of a training run: a bar on a terminal, plain lines elsewhere; Ctrl-C stops at the next step.
import { setImmediate } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import { show } from './result.js';

const LINE_EVERY_MS = 5000;
const YIELD_EVERY_MS = 50;
/** Time constant of the moving average of the rate. */
const RATE_WINDOW_MS = 5000;
const signals = ['SIGINT', 'SIGTERM'] as const;

export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #abort = new AbortController();
  readonly #interrupt = (): void => this.#abort.abort();
  /** Exponentially weighted sums of steps and time; their quotient is the recent rate. */
  #recent = { done: 0, ms: 0 };
  #last = { time: performance.now(), done: 0 };
  #yielded = 0;
  #printed = performance.now();
  #status = '';

  /** `total` is the number of steps, `unit` their name in the plural, such as `sequences`. */
  constructor(
    readonly total: number,
    readonly unit: string,
    readonly stream: NodeJS.WritableStream & { isTTY?: boolean } = process.stdout,
  ) {
    if (stream.isTTY) {
      const format = '{bar} {percentage} % · {status}';
      this.#bar = new SingleBar({ format, stream, hideCursor: true, barsize: 24 }, Presets.rect);
      this.#bar.start(total, 0, { status: 'starting' });
    }
    // Only once: a second Ctrl-C kills the program.
    for (const signal of signals) process.once(signal, this.#interrupt);
  }

  /** Whether the user has asked to stop: the training loop should end and save its results. */
  get interrupted(): boolean {
    return this.signal.aborted;
  }

  /** Aborts when the user asks to stop. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Shows the number of steps done and these figures. Await it: from time to time it yields to the event loop, which
   * delivers Ctrl-C.
   */
  async update(done: number, figures: Readonly<Record<string, number>>): Promise<void> {
    const now = performance.now();
    if (now - this.#yielded < YIELD_EVERY_MS && done < this.total) return;
    this.#yielded = now;
    const rate = this.#measureRate(now, done);
    const parts = Object.entries(figures).map(([name, value]) => `${name} ${show3(value)}`);
    const left = rate > 0 ? clock((this.total - done) / rate) : '–:––';
    this.#status = [...parts, `${show3(rate * 1000)} ${this.unit}/s`, `${left} left`].join(' · ');
    this.#bar?.update(Math.min(done, this.total), { status: this.#status });
    if (this.#bar === undefined && now - this.#printed >= LINE_EVERY_MS) this.#print(now, done);
    await setImmediate();
  }

  /** Ends the progress display. */
  stop(): void {
    for (const signal of signals) process.off(signal, this.#interrupt);
    this.#bar?.stop();
    if (this.#bar === undefined && this.#last.done > 0) this.#print(performance.now(), this.#last.done);
    if (this.interrupted) this.stream.write('Interrupted: results so far are kept.\n');
  }

  /** Updates and returns the rate in steps per millisecond. */
  #measureRate(now: number, done: number): number {
    const elapsed = now - this.#last.time;
    const decay = Math.exp(-elapsed / RATE_WINDOW_MS);
    this.#recent.done = this.#recent.done * decay + done - this.#last.done;
    this.#recent.ms = this.#recent.ms * decay + elapsed;
    this.#last = { time: now, done };
    return this.#recent.ms > 0 ? this.#recent.done / this.#recent.ms : 0;
  }

  #print(now: number, done: number): void {
    this.#printed = now;
    this.stream.write(`${done} of ${this.total} ${this.unit} · ${this.#status}\n`);
  }
}

/** Three significant digits. */
function show3(value: number): string {
  return show(Number(value.toPrecision(3)));
}

/** Formats milliseconds as m:ss. */
function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
