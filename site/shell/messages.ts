// Messages between a page and its worker.
import type { RuntimeInfo } from 'tapehead';

/** Values of a page's form by field name; one of them is the number `seed`. */
export type Settings = Readonly<Record<string, number | string>>;

/** Range that the form allows for each of its numbers. */
export type Ranges = Readonly<Record<string, readonly [min: number, max: number]>>;

/** Results of one update; one of them is `loss`. */
export type Measures = Readonly<Record<string, number>>;

/** `ask` is specific to a page; the following snapshots contain the answer. */
export type ToWorker<Question> =
  | { readonly kind: 'reset'; readonly settings: Settings }
  | { readonly kind: 'train' | 'pause' | 'step' | 'save' | 'drawn' }
  | { readonly kind: 'open'; readonly file: Uint8Array; readonly ranges: Ranges }
  | { readonly kind: 'ask'; readonly question: Question };

/** State of training, and the view of the model. */
export interface Snapshot<View> {
  readonly kind: 'snapshot';
  readonly training: boolean;
  readonly updates: number;
  readonly updatesPerSecond: number;
  /** Means over intervals of equal length; one of them is `update`. */
  readonly history: readonly Measures[];
  readonly view: View;
}

export type ToPage<View> =
  | Snapshot<View>
  /** There is a new model, or one from a checkpoint. */
  | { readonly kind: 'ready'; readonly settings: Settings; readonly info: RuntimeInfo; readonly opened: boolean }
  | { readonly kind: 'saved'; readonly file: Uint8Array<ArrayBuffer> }
  /** The checkpoint cannot be used; the model is unchanged. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
