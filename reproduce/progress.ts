// How training goes, while it goes: a bar on a terminal, plain lines elsewhere; Ctrl-C ends it at the next step.
import { setImmediate } from 'node:timers/promises';
import { Presets, SingleBar } from 'cli-progress';
import { show } from './result.js';

const LINE_EVERY_MS = 5000;
const BREATH_EVERY_MS = 50;
/** The rate is an average over about this time, so that it follows a machine that slows down. */
const RATE_OVER_MS = 5000;
const signals = ['SIGINT', 'SIGTERM'] as const;

export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #stopping = new AbortController();
  readonly #interrupt = (): void => this.#stopping.abort();
  /** Done and time, both fading, so that their quotient is the recent rate. */
  #recent = { done: 0, ms: 0 };
  #last = { time: performance.now(), done: 0 };
  #breath = 0;
  #line = performance.now();
  #status = '';

  /** `total` steps of `unit` (a plural: `sequences`) are to be done. */
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
    // Once: a second Ctrl-C ends the program on the spot.
    for (const signal of signals) process.once(signal, this.#interrupt);
  }

  /** Whether the user has asked to stop. The loop should end, and save what it has. */
  get interrupted(): boolean {
    return this.signal.aborted;
  }

  /** Aborts when the user asks to stop, for work that takes a signal. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Shows that `done` of the total are done, and these figures. Await it: now and then it lets signals in. */
  async update(done: number, figures: Readonly<Record<string, number>>): Promise<void> {
    const now = performance.now();
    if (now - this.#breath < BREATH_EVERY_MS && done < this.total) return;
    this.#breath = now;
    const rate = this.#measure(now, done);
    const parts = Object.entries(figures).map(([name, value]) => `${name} ${show3(value)}`);
    const left = rate > 0 ? clock((this.total - done) / rate) : '–:––';
    this.#status = [...parts, `${show3(rate * 1000)} ${this.unit}/s`, `${left} left`].join(' · ');
    this.#bar?.update(Math.min(done, this.total), { status: this.#status });
    if (this.#bar === undefined && now - this.#line >= LINE_EVERY_MS) this.#print(now, done);
    await setImmediate();
  }

  /** Ends the bar. */
  stop(): void {
    for (const signal of signals) process.off(signal, this.#interrupt);
    this.#bar?.stop();
    if (this.#bar === undefined && this.#last.done > 0) this.#print(performance.now(), this.#last.done);
    if (this.interrupted) this.stream.write('Interrupted: keeping what there is so far.\n');
  }

  /** Steps per millisecond. */
  #measure(now: number, done: number): number {
    const elapsed = now - this.#last.time;
    const fade = Math.exp(-elapsed / RATE_OVER_MS);
    this.#recent.done = this.#recent.done * fade + done - this.#last.done;
    this.#recent.ms = this.#recent.ms * fade + elapsed;
    this.#last = { time: now, done };
    return this.#recent.ms > 0 ? this.#recent.done / this.#recent.ms : 0;
  }

  #print(now: number, done: number): void {
    this.#line = now;
    this.stream.write(`${done} of ${this.total} ${this.unit} · ${this.#status}\n`);
  }
}

/** Three significant digits. */
function show3(value: number): string {
  return show(Number(value.toPrecision(3)));
}

/** m:ss of milliseconds. */
function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
