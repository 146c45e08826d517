// Worker of a page: trains in slices and handles the messages of the page between them.
import { load, type Parameters, type Runtime, readSafetensors, type Shape, writeSafetensors } from 'tapehead';
import { expectFinite, expectInRange } from './checkpoint.js';
import { History } from './history.js';
import type { Measures, Ranges, Settings, ToPage, ToWorker } from './messages.js';

/** A model with its data and optimizer. */
export interface Trainee<View, Question> {
  readonly parameters: Parameters;
  /** Metadata of a checkpoint. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Runs one update; `done` is the number of updates before it. */
  update(done: number): Measures;
  /** The data that the page draws. */
  view(): View;
  ask(question: Question): void;
}

export interface Course<View, Question> {
  /** Creates a model, everything random from `settings.seed`. */
  create(runtime: Runtime, settings: Settings): Trainee<View, Question>;
  /** Infers the settings of a checkpoint from its shapes and metadata. */
  settingsOf(shapeOf: (name: string) => Shape, metadata: Readonly<Record<string, string>>): Settings;
}

/** Between slices the worker handles messages. */
const SLICE_MS = 60;
const SNAPSHOT_EVERY_MS = 100;

/** Handles the messages of the page from now on. */
export function serve<View, Question>(course: Course<View, Question>): void {
  const trainer = new Trainer(course);
  let last: Promise<void> = Promise.resolve();
  addEventListener('message', ({ data }: MessageEvent<ToWorker<Question>>) => {
    last = last.then(() => trainer.handle(data)).catch((error) => trainer.fail(error));
  });
}

interface Session<View, Question> {
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly trainee: Trainee<View, Question>;
  readonly history: History;
  updates: number;
}

class Trainer<View, Question> {
  #session: Session<View, Question> | undefined;
  #training = false;
  #loop: Promise<void> = Promise.resolve();
  /** Number of snapshots that the page has not drawn yet. */
  #undrawn = 0;
  #last = { time: 0, updates: 0 };

  constructor(readonly course: Course<View, Question>) {}

  async handle(message: ToWorker<Question>): Promise<void> {
    if (message.kind === 'reset') return this.#begin(await this.#create(message.settings), false);
    if (message.kind === 'open') return this.#open(message.file, message.ranges);
    const session = this.#session;
    if (session === undefined) return;
    switch (message.kind) {
      case 'train':
        if (!this.#training) this.#loop = this.#loop.then(() => this.#train(session));
        this.#training = true;
        return;
      case 'pause':
        await this.#pause();
        return this.#show(session);
      case 'step':
        await this.#pause();
        update(session);
        return this.#show(session);
      case 'ask':
        session.trainee.ask(message.question);
        return this.#show(session);
      case 'save':
        return this.#save(session);
      case 'drawn':
        this.#undrawn--;
    }
  }

  fail(error: unknown): void {
    this.#training = false;
    post({ kind: 'failed', reason: reasonOf(error) });
  }

  async #train(session: Session<View, Question>): Promise<void> {
    try {
      this.#last = { time: performance.now(), updates: session.updates };
      while (this.#training) {
        const end = performance.now() + SLICE_MS;
        do update(session);
        while (performance.now() < end);
        const due = performance.now() - this.#last.time >= SNAPSHOT_EVERY_MS;
        if (due && this.#undrawn === 0) this.#show(session);
        await nextTurn();
      }
    } catch (error) {
      this.fail(error);
    }
  }

  async #pause(): Promise<void> {
    this.#training = false;
    await this.#loop;
  }

  /** Every model gets its own runtime, which frees all memory of the previous one. */
  async #create(settings: Settings, tensors?: ReturnType<typeof readSafetensors>['tensors'], updates = 0) {
    const runtime = await load();
    try {
      const trainee = this.course.create(runtime, settings);
      if (tensors !== undefined) trainee.parameters.loadStateDict(tensors);
      return { runtime, settings, trainee, updates, history: new History() };
    } catch (error) {
      runtime.close();
      throw error;
    }
  }

  async #begin(session: Session<View, Question>, opened: boolean): Promise<void> {
    await this.#pause();
    this.#session?.runtime.close();
    this.#session = session;
    post({ kind: 'ready', settings: session.settings, info: session.runtime.info, opened });
    this.#show(session);
  }

  async #open(file: Uint8Array, ranges: Ranges): Promise<void> {
    try {
      const { tensors, metadata } = readSafetensors(file);
      const shapeOf = (name: string): Shape => {
        const shape = tensors.get(name)?.shape;
        if (shape === undefined) throw new RangeError(`missing tensor ${name}`);
        return shape;
      };
      const found = this.course.settingsOf(shapeOf, metadata);
      expectInRange(found, ranges);
      expectFinite(tensors);
      const { updates = 0 } = JSON.parse(metadata.tapehead ?? '{}');
      const settings = { ...this.#session?.settings, ...found };
      await this.#begin(await this.#create(settings, tensors, Number.isSafeInteger(updates) ? updates : 0), true);
    } catch (error) {
      post({ kind: 'refused', reason: reasonOf(error) });
    }
  }

  #save({ settings, trainee, updates }: Session<View, Question>): void {
    const metadata = { format: 'pt', ...trainee.metadata, tapehead: JSON.stringify({ settings, updates }) };
    post({ kind: 'saved', file: writeSafetensors(trainee.parameters.stateDict(), metadata) });
  }

  #show({ trainee, updates, history }: Session<View, Question>): void {
    const time = performance.now();
    const updatesPerSecond = (1000 * (updates - this.#last.updates)) / (time - this.#last.time);
    this.#last = { time, updates };
    this.#undrawn++;
    const { points } = history;
    post({
      kind: 'snapshot',
      training: this.#training,
      updates,
      updatesPerSecond,
      history: points,
      view: trainee.view(),
    });
  }
}

function update(session: Session<unknown, never>): void {
  const measures = session.trainee.update(session.updates);
  session.updates++;
  session.history.add({ update: session.updates, ...measures });
}

function post(message: ToPage<unknown>): void {
  postMessage(message);
}

/** Resolves once pending messages have been handled; a timer would take at least four milliseconds. */
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
