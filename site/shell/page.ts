// Main thread of a page: connects the controls to the worker and draws its snapshots.
import { darkness } from './charts.js';
import { Controls } from './controls.js';
import { showHeader } from './header.js';
import type { Snapshot, ToPage, ToWorker } from './messages.js';
import { SettingsForm } from './settings-form.js';

export interface PageOptions<View> {
  /** The page's folder. */
  readonly folder: string;
  readonly worker: Worker;
  /** Draws a snapshot; called again when the size or the color scheme of the window changes. */
  draw(snapshot: Snapshot<View>): void;
  /** Called when there is a new model. */
  ready?(): void;
}

export interface OpenPage<Question> {
  ask(question: Question): void;
  /** Draws the last snapshot again. */
  redraw(): void;
}

/** Idle time after drawing, relative to the time that drawing took: at most a quarter of the time goes to drawing. */
const IDLE_FACTOR = 3;

/** Sets up a page: its `#settings` form, and the controls in its `#controls`. */
export function openPage<View, Question>({ folder, worker, draw, ready }: PageOptions<View>): OpenPage<Question> {
  showHeader('..', folder);
  const send = (message: ToWorker<Question>): void => worker.postMessage(message);
  const form = new SettingsForm((settings) => send({ kind: 'reset', settings }));
  const controls = new Controls(folder, send, () => form.ranges);
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
    // A hidden page does not draw, and the worker sends no further snapshots until it has.
    requestAnimationFrame((start) => {
      if (last === data) {
        controls.showSnapshot(data);
        draw(data);
      }
      setTimeout(() => send({ kind: 'drawn' }), IDLE_FACTOR * (performance.now() - start));
    });
  });
  worker.addEventListener('error', ({ message }) => controls.show({ kind: 'failed', reason: message }));
  darkness.addEventListener('change', redraw);
  addEventListener('resize', redraw);
  form.submit();
  return { ask: (question) => send({ kind: 'ask', question }), redraw };
}
