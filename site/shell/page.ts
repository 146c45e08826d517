// The page's side: starts the worker, wires the controls to it, and has every snapshot drawn.
import { darkness } from './charts.js';
import { Controls } from './controls.js';
import { showHeader } from './header.js';
import type { Snapshot, ToPage, ToWorker } from './messages.js';
import { SettingsForm } from './settings-form.js';

export interface PageOptions<View> {
  /** The page's folder. */
  readonly folder: string;
  readonly worker: Worker;
  /** Draws a snapshot; called again where the window or its colors change. */
  draw(snapshot: Snapshot<View>): void;
  /** A fresh model has come, of which nothing has been asked yet. */
  ready?(): void;
}

export interface OpenPage<Question> {
  ask(question: Question): void;
  /** Draws the last snapshot again. */
  redraw(): void;
}

/** Drawing takes a quarter of the time at most: after each, so many times as long goes to training and to the visitor. */
const REST = 3;

/** Brings a page to life: its `#settings` form, and the controls that go into its `#controls`. */
export function openPage<View, Question>({ folder, worker, draw, ready }: PageOptions<View>): OpenPage<Question> {
  showHeader('..', folder);
  const say = (message: ToWorker<Question>): void => worker.postMessage(message);
  const controls = new Controls(folder, say);
  const form = new SettingsForm((settings) => say({ kind: 'reset', settings }));
  let last: Snapshot<View> | undefined;
  const redraw = (): void => {
    if (last !== undefined) draw(last);
  };
  worker.addEventListener('message', ({ data }: MessageEvent<ToPage<View>>) => {
    if (data.kind === 'ready') {
      if (data.opened) form.show(data.settings);
      ready?.();
    }
    if (data.kind !== 'snapshot') return controls.show(data);
    last = data;
    form.trained = data.updates > 0;
    // A page that is not seen draws nothing, and the worker sends it nothing more until it has.
    requestAnimationFrame((start) => {
      if (last === data) {
        controls.showSnapshot(data);
        draw(data);
      }
      setTimeout(() => say({ kind: 'drawn' }), REST * (performance.now() - start));
    });
  });
  worker.addEventListener('error', ({ message }) => controls.show({ kind: 'failed', reason: message }));
  darkness.addEventListener('change', redraw);
  addEventListener('resize', redraw);
  form.submit();
  return { ask: (question) => say({ kind: 'ask', question }), redraw };
}
