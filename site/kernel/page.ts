// Main thread of the kernel memory's page.
import * as Plot from '@observablehq/plot';
import { color, measureAxis, showCurve, showPlot } from '../shell/charts.js';
import { takeFiles } from '../shell/drop.js';
import { find } from '../shell/find.js';
import type { Snapshot } from '../shell/messages.js';
import { openPage } from '../shell/page.js';
import { PIXELS, readPictures } from '../shell/pictures.js';
import { PixelGrid } from './pixel-grid.js';
import { readPixels } from './pixels.js';
import { showSheet } from './sheet.js';
import type { KernelQuestion, KernelView } from './worker.js';

const place = (id: string): HTMLElement => find(`#${id}`, HTMLElement);
const pattern = find('#pattern', HTMLSelectElement);
const count = find('#count', HTMLInputElement);
const chosen = find('#chosen', HTMLInputElement);
const source = find('#source', HTMLSelectElement);
const notice = place('images-notice');
const grid = new PixelGrid(place('pixels'), choosePixels);

/** Query pixels of the current memory, once they have been shown. */
let shown: readonly number[] | undefined;

const page = openPage<KernelView, KernelQuestion>({
  folder: 'kernel',
  worker: new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  draw,
  ready() {
    shown = undefined;
    // Custom pixels come from the form: the user may have changed them while the memory was created.
    if (pattern.value === 'chosen') showPixels(readPixels(chosen.value));
  },
});
pattern.addEventListener('change', () => showPixels(pattern.value === 'chosen' ? grid.pixels : (shown ?? [])));
takeFiles(find('#images', HTMLInputElement), (files) => void useImages(files));

/** Notifies the form of a change: pixels and images are among its fields. */
function notifyForm(field: HTMLElement): void {
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

function choosePixels(): void {
  pattern.value = 'chosen';
  count.value = String(grid.pixels.length);
  showPixels(grid.pixels);
  notifyForm(chosen);
}

function showPixels(pixels: readonly number[]): void {
  grid.pixels = pixels;
  chosen.value = pixels.join();
  count.disabled = pattern.value === 'chosen';
  place('given').textContent = `The query has ${pixels.length} of ${PIXELS} pixels.`;
}

async function useImages(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  announce('Reading …');
  try {
    const pictures = await readPictures(files);
    page.ask(pictures);
    const images = `${pictures.count.toLocaleString('en')} images`;
    const option = source.options.namedItem('dropped') ?? new Option('', 'dropped');
    option.id = 'dropped';
    option.text = 'your images';
    source.append(option);
    source.value = 'dropped';
    notifyForm(source);
    announce(`Read ${images}; a fifth of them are test images.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    announce(`Cannot use these files: ${reason}. Nothing has changed.`, true);
  }
}

function announce(text: string, isError = false): void {
  notice.textContent = text;
  notice.classList.toggle('error', isError);
}

function draw({ history, view }: Snapshot<KernelView>): void {
  if (shown === undefined && pattern.value !== 'chosen') showPixels(view.pixels);
  shown = view.pixels;
  showCurve(place('loss-curve'), history, 'loss', 'Loss');
  const result = summary(view);
  place('summary').textContent = result;
  showErrors(view, result);
  const half = view.originals.length / 2;
  showImages('fitted', view, (pictures) => pictures.subarray(0, half));
  showImages('held-out', view, (pictures) => pictures.subarray(half));
}

function summary({ entries, sizes, fitted, heldOut }: KernelView): string {
  const last = entries.at(-1);
  if (last === undefined) return 'The memory is empty.';
  const { memorySize, ...errors } = last;
  const which = sizes.length === 1 ? '' : ` (memory ${entries.length} of ${sizes.length})`;
  return (
    `With ${memorySize} keys${which}, the RMSE of a pixel is ${errors.fitted.toFixed(3)} on ${fitted.toLocaleString('en')} ` +
    `training images and ${errors.heldOut.toFixed(3)} on ${heldOut.toLocaleString('en')} test images.`
  );
}

function showErrors({ entries, sizes }: KernelView, result: string): void {
  const curve = (error: 'fitted' | 'heldOut', name: 'orange' | 'blue') => {
    const channels = { x: 'memorySize', y: error } as const;
    return [
      Plot.line(entries, { ...channels, stroke: color(name), strokeWidth: 1.75 }),
      Plot.dot(entries, { ...channels, fill: color(name), r: 3.5 }),
    ];
  };
  showPlot(place('errors'), `RMSE by number of keys. ${result}`, {
    height: 180,
    x: { type: 'point', domain: sizes, label: 'keys M' },
    y: measureAxis(entries.length === 0),
    marks: [Plot.ruleY([0], { stroke: color('rule') }), curve('fitted', 'orange'), curve('heldOut', 'blue')],
  });
}

function showImages(id: string, view: KernelView, of: (pictures: Float32Array) => Float32Array): void {
  const { pixels, originals, sizes, entries } = view;
  // Rows of later sizes are there but empty, so that the layout does not shift.
  const recalled = sizes.map((memorySize, i) => {
    const entry = entries[i];
    return { name: `M = ${memorySize}`, ...(entry && { pictures: of(entry.recalled) }) };
  });
  const images = of(originals);
  showSheet(place(id), images.length / PIXELS, [
    { name: 'query', pictures: images, only: pixels },
    ...recalled,
    { name: 'original', pictures: images },
  ]);
}
