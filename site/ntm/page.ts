// Main thread of the Neural Turing Machine's page.
import { type Frames, showCurve, showHeatMap } from '../shell/charts.js';
import { find } from '../shell/find.js';
import type { Snapshot } from '../shell/messages.js';
import { openPage } from '../shell/page.js';
import type { LongCopy, Trace } from './trace.js';
import type { NtmQuestion, NtmView } from './worker.js';

const TEST_LENGTH = 120;

const place = (id: string): HTMLElement => find(`#${id}`, HTMLElement);
const time = find('#time', HTMLInputElement);

const page = openPage<NtmView, NtmQuestion>({
  folder: 'ntm',
  worker: new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  draw,
});
time.oninput = page.redraw;
find('#test', HTMLButtonElement).onclick = () => page.ask(TEST_LENGTH);

function draw({ history, view: { trace, long } }: Snapshot<NtmView>): void {
  showCurve(place('loss-curve'), history, 'loss', 'Loss');
  showCurve(place('bits-curve'), history, 'bitsWrong', 'Wrong bits per sequence');
  const steps = trace.inputs.rows;
  if (time.max !== String(steps)) {
    time.max = String(steps);
    // The delimiter: by then the last vector has been written.
    time.valueAsNumber = (steps + 1) / 2;
  }
  const step = time.valueAsNumber;
  place('time-shown').textContent = `${step} of ${steps}`;
  showBits(trace);
  showFocus(trace, step);
  showMemory(trace, step);
  if (long !== undefined) showLong(long);
}

function showBits({ inputs, targets, outputs, wrong }: Trace): void {
  const map = { yLabel: 'bit', domain: [0, 1], height: heightOf(targets) } as const;
  const result = `${wrong} of ${targets.data.length} bits are wrong.`;
  place('wrong').textContent = result;
  showHeatMap(place('inputs'), { ...map, frames: inputs, height: heightOf(inputs), label: 'Input bits' });
  const answer = { ...map, x: [targets.rows + 2, inputs.rows], from: 1 } as const;
  showHeatMap(place('targets'), { ...answer, frames: targets, label: 'Target bits' });
  showHeatMap(place('outputs'), { ...answer, frames: outputs, label: `Output bits; ${result}` });
}

function heightOf({ columns }: Frames): number {
  return Math.max(40, 9 * columns);
}

function showFocus({ writeWeights, readWeights }: Trace, marked: number): void {
  const height = Math.min(320, Math.max(120, 2 * writeWeights.columns));
  const map = { yLabel: 'row', domain: [0, 1], height, marked } as const;
  const label = (head: string) => `Attention weights of the ${head} head by time step and memory row`;
  showHeatMap(place('write-focus'), { ...map, frames: writeWeights, label: label('write') });
  showHeatMap(place('read-focus'), { ...map, frames: readWeights, label: label('read'), xLabel: 'time step' });
}

/** Transposes the memory, since the rows of frames run to the right. */
function showMemory({ memory, wordSize }: Trace, step: number): void {
  const data = memory.data.subarray((step - 1) * memory.columns, step * memory.columns);
  const rows = memory.columns / wordSize;
  const words = Float32Array.from(data, (_, i) => data[(i % rows) * wordSize + Math.floor(i / rows)] as number);
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  showHeatMap(place('memory'), {
    frames: { data: words, rows: wordSize, columns: rows },
    label: `The ${rows} rows of the memory after step ${step}`,
    xLabel: 'element of the word',
    yLabel: 'row',
    height: Math.min(600, Math.max(160, 6 * rows)),
    domain: [-largest, largest],
  });
}

function showLong({ targets, outputs, sequences, share }: LongCopy): void {
  const map = { yLabel: 'bit', domain: [0, 1], height: heightOf(targets) } as const;
  const result = `${(100 * share).toFixed(2)} % of the bits of ${sequences} sequences of length ${targets.rows} are wrong.`;
  place('share').textContent = result;
  showHeatMap(place('long-targets'), { ...map, frames: targets, label: 'Target bits of the first long sequence' });
  const label = `Output bits of the first long sequence; ${result}`;
  showHeatMap(place('long-outputs'), { ...map, frames: outputs, label, xLabel: 'time step' });
}
