// What a page and its worker say to each other.
import type { RuntimeInfo } from 'tapehead';

/** What a page's form holds, by the names of its fields; the number `seed` is one of them. */
export type Settings = Readonly<Record<string, number | string>>;

/** What one update has to tell: `loss` is one of them. */
export type Measures = Readonly<Record<string, number>>;

/** `ask` is what only one page can ask; its answer is in the views that follow. */
export type ToWorker<Question> =
  | { readonly kind: 'reset'; readonly settings: Settings }
  | { readonly kind: 'train' | 'pause' | 'step' | 'save' | 'drawn' }
  | { readonly kind: 'open'; readonly file: Uint8Array }
  | { readonly kind: 'ask'; readonly question: Question };

/** Where training stands, and what the model makes of it. */
export interface Snapshot<View> {
  readonly kind: 'snapshot';
  readonly training: boolean;
  readonly updates: number;
  readonly updatesPerSecond: number;
  /** Means over equal stretches of training, `update` among them. */
  readonly history: readonly Measures[];
  readonly view: View;
}

export type ToPage<View> =
  | Snapshot<View>
  /** A fresh model, or one from a checkpoint. */
  | { readonly kind: 'ready'; readonly settings: Settings; readonly info: RuntimeInfo; readonly opened: boolean }
  | { readonly kind: 'saved'; readonly file: Uint8Array<ArrayBuffer> }
  /** A checkpoint that cannot be used; the model is as it was. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };
