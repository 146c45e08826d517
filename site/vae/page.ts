// Main thread of the memory VAE's page.
import * as Plot from '@observablehq/plot';
import { color, showPlot } from '../shell/charts.js';
import { takeFiles } from '../shell/drop.js';
import { find } from '../shell/find.js';
import type { Measures, Snapshot } from '../shell/messages.js';
import { openPage } from '../shell/page.js';
import { CROP } from './crops.js';
import { readPictures } from './dropped.js';
import { showReconstructions } from './reconstructions.js';
import type { VaeQuestion, VaeView } from './worker.js';

const place = (id: string): HTMLElement => find(`#${id}`, HTMLElement);
const notice = place('images-notice');
const synthetic = find('#synthetic', HTMLButtonElement);

const page = openPage<VaeView, VaeQuestion>({
  folder: 'vae',
  worker: new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  draw,
});
takeFiles(find('#images', HTMLInputElement), (files) => void usePictures(files));
synthetic.onclick = () => {
  page.ask({ pictures: [] });
  synthetic.disabled = true;
  announce('Training on the synthetic landscapes.');
};

async function usePictures(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  announce('Reading …');
  try {
    const pictures = await readPictures(files);
    page.ask({ pictures });
    synthetic.disabled = false;
    announce(`Training on your ${counted(pictures.length)}.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    announce(`Cannot use these files: ${reason}. Nothing has changed.`, true);
  }
}

function announce(text: string, isError = false): void {
  notice.textContent = text;
  notice.classList.toggle('error', isError);
  // The files may have been dropped far above the notice.
  if (isError) notice.scrollIntoView({ block: 'nearest' });
}

function counted(pictures: number): string {
  return pictures === 1 ? 'one picture' : `${pictures.toLocaleString('en')} pictures`;
}

function draw({ history, view }: Snapshot<VaeView>): void {
  place('summary').textContent = summary(view);
  showReconstructions(place('pictures'), view);
  showErrors(history);
  showUse(view);
}

function summary({ errors, pictures }: VaeView): string {
  const decibels = (error: number) => `${(-10 * Math.log10(error)).toFixed(1)} dB`;
  return (
    `Both models train on ${CROP}×${CROP} crops of ${counted(pictures)}; up to six are shown. Peak signal-to-noise ratio: ` +
    `memory VAE ${decibels(errors.memory)}, VQ-VAE ${decibels(errors.vq)} (higher is better). ` +
    'The maps show how many rows each query reads: the stronger the blue, the more rows.'
  );
}

function showErrors(history: readonly Measures[]): void {
  const last = history.at(-1);
  const now = (name: string) => last?.[name]?.toPrecision(3) ?? 'not measured yet';
  const curve = (y: string, name: 'blue' | 'orange') =>
    Plot.lineY(history, { x: 'update', y, stroke: color(name), strokeWidth: 1.75 });
  showPlot(place('errors'), `Error by update; memory VAE, now ${now('loss')}; VQ-VAE, now ${now('vq')}`, {
    height: 220,
    x: { label: 'update', ticks: 4 },
    y: { label: null, zero: true, nice: true, grid: true, ticks: 4 },
    marks: [Plot.ruleY([0], { stroke: color('rule') }), curve('vq', 'orange'), curve('loss', 'blue')],
  });
}

function showUse({ use, bits }: VaeView): void {
  const rows = use.memory.shares.length;
  const result =
    `A read of the memory VAE spreads over about ${Math.round(2 ** bits.mean)} of ${rows} rows (entropy ${bits.mean.toFixed(1)} bits, ` +
    `between ${bits.min.toFixed(1)} and ${bits.max.toFixed(1)}); the VQ-VAE reads a single row. Over all reads, the memory VAE uses ` +
    `about ${Math.round(use.memory.inUse)} rows and the VQ-VAE ${Math.round(use.vq.inUse)}.`;
  place('reads').textContent = result;
  const curve = (shares: Float32Array, name: 'blue' | 'orange') => {
    const sorted = shares.toSorted((a, b) => b - a);
    return Plot.lineY(sorted, {
      x: (_, i) => i + 1,
      y: (share) => 100 * share,
      curve: 'step',
      stroke: color(name),
      strokeWidth: 1.75,
    });
  };
  showPlot(place('use'), `Share of reads by row, in descending order. ${result}`, {
    height: 220,
    x: { label: 'rows, in descending order', ticks: 6 },
    y: { label: null, zero: true, nice: true, grid: true, ticks: 4, tickFormat: (share) => `${share} %` },
    marks: [
      Plot.ruleY([0], { stroke: color('rule') }),
      curve(use.vq.shares, 'orange'),
      curve(use.memory.shares, 'blue'),
    ],
  });
}
