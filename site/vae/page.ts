// The memory VAE's page: draws what its worker tells, and takes pictures from the visitor.
import * as Plot from '@observablehq/plot';
import { color, showPlot } from '../shell/charts.js';
import { takeFiles } from '../shell/drop.js';
import { find } from '../shell/find.js';
import type { Measures, Snapshot } from '../shell/messages.js';
import { openPage } from '../shell/page.js';
import { CROP } from './crops.js';
import { readPictures } from './dropped.js';
import { showRebuilt } from './rebuilt.js';
import type { VaeQuestion, VaeView } from './worker.js';

const place = (id: string): HTMLElement => find(`#${id}`, HTMLElement);
const notice = place('images-notice');
const madeUp = find('#made-up', HTMLButtonElement);

const page = openPage<VaeView, VaeQuestion>({
  folder: 'vae',
  worker: new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  draw,
});
takeFiles(find('#images', HTMLInputElement), (files) => void usePictures(files));
madeUp.onclick = () => {
  page.ask({ pictures: [] });
  madeUp.disabled = true;
  tell('The made-up pictures are learned from again.');
};

async function usePictures(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  tell('Reading …');
  try {
    const pictures = await readPictures(files);
    page.ask({ pictures });
    madeUp.disabled = false;
    const these = pictures.length === 1 ? 'One picture' : `${pictures.length.toLocaleString('en')} pictures`;
    tell(`${these} of yours ${pictures.length === 1 ? 'is' : 'are'} learned from now.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tell(`These files cannot be used, and nothing has changed: ${reason}.`, true);
  }
}

function tell(text: string, fault = false): void {
  notice.textContent = text;
  notice.classList.toggle('fault', fault);
  // Files may have been dropped far above it.
  if (fault) notice.scrollIntoView({ block: 'nearest' });
}

function draw({ history, view }: Snapshot<VaeView>): void {
  place('standing').textContent = standing(view);
  showRebuilt(place('pictures'), view);
  showErrors(history);
  showUse(view);
}

function standing({ errors, pictures }: VaeView): string {
  const decibels = (error: number) => `${(-10 * Math.log10(error)).toFixed(1)} dB`;
  const these = pictures === 1 ? 'One picture is' : `${pictures.toLocaleString('en')} pictures are`;
  return (
    `${these} learned from, in crops of ${CROP} by ${CROP}; here are up to six of them, whole. The memory VAE rebuilds them with a ` +
    `signal-to-noise ratio of ${decibels(errors.memory)}, the VQ-VAE with ${decibels(errors.vq)}; more is better. ` +
    'Maps show how many rows a place reads, faint where few.'
  );
}

function showErrors(history: readonly Measures[]): void {
  const last = history.at(-1);
  const now = (name: string) => last?.[name]?.toPrecision(3) ?? 'not known yet';
  const curve = (y: string, name: 'blue' | 'orange') =>
    Plot.lineY(history, { x: 'update', y, stroke: color(name), strokeWidth: 1.75 });
  showPlot(place('errors'), `Error over the updates; memory VAE, now ${now('loss')}; VQ-VAE, now ${now('vq')}`, {
    height: 220,
    x: { label: 'update', ticks: 4 },
    y: { label: null, zero: true, nice: true, grid: true, ticks: 4 },
    marks: [Plot.ruleY([0], { stroke: color('rule') }), curve('vq', 'orange'), curve('loss', 'blue')],
  });
}

function showUse({ use, bits }: VaeView): void {
  const rows = use.memory.shares.length;
  const result =
    `One read of the memory VAE spreads over about ${Math.round(2 ** bits.mean)} of ${rows} rows (${bits.mean.toFixed(1)} bits of ` +
    `entropy, from ${bits.least.toFixed(1)} to ${bits.most.toFixed(1)}); the VQ-VAE's reads one. All reads together use about ` +
    `${Math.round(use.memory.inUse)} rows of the one and ${Math.round(use.vq.inUse)} of the other.`;
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
  showPlot(place('use'), `How much each row is read, the most read first. ${result}`, {
    height: 220,
    x: { label: 'rows, the most read first', ticks: 6 },
    y: { label: null, zero: true, nice: true, grid: true, ticks: 4, tickFormat: (share) => `${share} %` },
    marks: [
      Plot.ruleY([0], { stroke: color('rule') }),
      curve(use.vq.shares, 'orange'),
      curve(use.memory.shares, 'blue'),
    ],
  });
}
