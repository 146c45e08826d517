// The worker's side of a page: trains in slices, and does what the page asks between them.
import { load, type Parameters, type Runtime, readSafetensors, type Shape, writeSafetensors } from 'tapehead';
import { History } from './history.js';
import type { Measures, Settings, ToPage, ToWorker } from './messages.js';

/** A model and everything that it is trained with. */
export interface Trainee<View, Question> {
  readonly parameters: Parameters;
  /** What a checkpoint has to say beside its tensors. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** One update, after `done` others. */
  update(done: number): Measures;
  /** What the page draws. */
  view(): View;
  ask(question: Question): void;
}

export interface Course<View, Question> {
  /** A fresh model, everything random from `settings.seed`. */
  create(runtime: Runtime, settings: Settings): Trainee<View, Question>;
  /** The settings that a checkpoint was made with, as far as its shapes and its metadata tell. */
  settingsOf(shapeOf: (name: string) => Shape, metadata: Readonly<Record<string, string>>): Settings;
}

/** Between slices the worker hears what the page says. */
const SLICE_MS = 60;
const SNAPSHOT_EVERY_MS = 100;

/** Does what the page says from now on. */
export function serve<View, Question>(course: Course<View, Question>): void {
  const trainer = new Trainer(course);
  let last: Promise<void> = Promise.resolve();
  addEventListener('message', ({ data }: MessageEvent<ToWorker<Question>>) => {
    last = last.then(() => trainer.hear(data)).catch((error) => trainer.fail(error));
  });
}

interface Lesson<View, Question> {
  readonly runtime: Runtime;
  readonly settings: Settings;
  readonly trainee: Trainee<View, Question>;
  readonly history: History;
  updates: number;
}

class Trainer<View, Question> {
  #lesson: Lesson<View, Question> | undefined;
  #training = false;
  #loop: Promise<void> = Promise.resolve();
  /** Snapshots that the page has not drawn yet. */
  #undrawn = 0;
  #last = { time: 0, updates: 0 };

  constructor(readonly course: Course<View, Question>) {}

  async hear(message: ToWorker<Question>): Promise<void> {
    if (message.kind === 'reset') return this.#begin(await this.#create(message.settings), false);
    if (message.kind === 'open') return this.#open(message.file);
    const lesson = this.#lesson;
    if (lesson === undefined) return;
    switch (message.kind) {
      case 'train':
        if (!this.#training) this.#loop = this.#loop.then(() => this.#train(lesson));
        this.#training = true;
        return;
      case 'pause':
        await this.#pause();
        return this.#show(lesson);
      case 'step':
        await this.#pause();
        update(lesson);
        return this.#show(lesson);
      case 'ask':
        lesson.trainee.ask(message.question);
        return this.#show(lesson);
      case 'save':
        return this.#save(lesson);
      case 'drawn':
        this.#undrawn--;
    }
  }

  fail(error: unknown): void {
    this.#training = false;
    post({ kind: 'failed', reason: reasonOf(error) });
  }

  async #train(lesson: Lesson<View, Question>): Promise<void> {
    try {
      this.#last = { time: performance.now(), updates: lesson.updates };
      while (this.#training) {
        const end = performance.now() + SLICE_MS;
        do update(lesson);
        while (performance.now() < end);
        const due = performance.now() - this.#last.time >= SNAPSHOT_EVERY_MS;
        if (due && this.#undrawn === 0) this.#show(lesson);
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

  /** A runtime of its own for every model: with it goes all memory that the last one took. */
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

  async #begin(lesson: Lesson<View, Question>, opened: boolean): Promise<void> {
    await this.#pause();
    this.#lesson?.runtime.close();
    this.#lesson = lesson;
    post({ kind: 'ready', settings: lesson.settings, info: lesson.runtime.info, opened });
    this.#show(lesson);
  }

  async #open(file: Uint8Array): Promise<void> {
    try {
      const { tensors, metadata } = readSafetensors(file);
      const shapeOf = (name: string): Shape => {
        const shape = tensors.get(name)?.shape;
        if (shape === undefined) throw new RangeError(`it must hold ${name}, got a file without`);
        return shape;
      };
      const { updates = 0 } = JSON.parse(metadata.tapehead ?? '{}');
      const settings = { ...this.#lesson?.settings, ...this.course.settingsOf(shapeOf, metadata) };
      await this.#begin(await this.#create(settings, tensors, Number.isSafeInteger(updates) ? updates : 0), true);
    } catch (error) {
      post({ kind: 'refused', reason: reasonOf(error) });
    }
  }

  #save({ settings, trainee, updates }: Lesson<View, Question>): void {
    const metadata = { format: 'pt', ...trainee.metadata, tapehead: JSON.stringify({ settings, updates }) };
    post({ kind: 'saved', file: writeSafetensors(trainee.parameters.stateDict(), metadata) });
  }

  #show({ trainee, updates, history }: Lesson<View, Question>): void {
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

function update(lesson: Lesson<unknown, never>): void {
  const measures = lesson.trainee.update(lesson.updates);
  lesson.updates++;
  lesson.history.add({ update: lesson.updates, ...measures });
}

function post(message: ToPage<unknown>): void {
  postMessage(message);
}

/** Resolves once messages that wait have been heard; a timer would wait four milliseconds. */
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
