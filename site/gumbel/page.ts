// Main thread of the Gumbel memory's page.
import * as Plot from '@observablehq/plot';
import { color, showCurve, showHeatMap, showPlot } from '../shell/charts.js';
import { find } from '../shell/find.js';
import type { Snapshot } from '../shell/messages.js';
import { openPage } from '../shell/page.js';
import { type BankName, banks } from './banks.js';
import type { GumbelQuestion, GumbelView } from './worker.js';

const MAX_POINTS_SHOWN = 250;

const place = (id: string): HTMLElement => find(`#${id}`, HTMLElement);
const bank = find('#bank', HTMLSelectElement);
const temperature = find('#temperature', HTMLInputElement);
bank.append(...Object.entries(banks).map(([name, { label }]) => new Option(label, name)));

const page = openPage<GumbelView, GumbelQuestion>({
  folder: 'gumbel',
  worker: new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  draw,
  ready() {
    askBank();
    askTemperature();
  },
});
bank.onchange = askBank;
temperature.oninput = askTemperature;

function askBank(): void {
  page.ask({ bank: bank.value as BankName });
}

function askTemperature(): void {
  place('temperature-shown').textContent = temperature.value;
  page.ask({ temperature: temperature.valueAsNumber });
}

function draw({ history, view }: Snapshot<GumbelView>): void {
  showCurve(place('loss-curve'), history, 'loss', 'Loss');
  const { x, addresses, values, weights } = view;
  const nearestRead = Array.from(x, (at, i) => addresses[i] === nearest(view, at)).filter(Boolean).length;
  const result = `${((100 * nearestRead) / x.length).toFixed(1)} % of all x read the value nearest to the function.`;
  place('share').textContent = result;
  showFit(view, result);
  showHeatMap(place('addresses'), {
    frames: weights,
    label: `Attention weights of ${values.length} addresses by x`,
    x: [-1, 1],
    xLabel: 'x',
    yLabel: 'address',
    height: 22 * values.length,
    domain: [0, 1],
  });
}

function showFit(view: GumbelView, result: string): void {
  const { value } = banks[view.bank];
  const read = Array.from(view.x, (x, i) => ({ x, y: view.values[view.addresses[i] as number] }));
  const every = Math.ceil(view.points.x.length / MAX_POINTS_SHOWN);
  const points = Array.from(view.points.x, (x, i) => ({ x, y: view.points.y[i] })).filter((_, i) => i % every === 0);
  showPlot(place('fit'), `Value read by x, and the function. ${result}`, {
    height: 320,
    x: { label: null, domain: [-1, 1], ticks: 5 },
    y: { label: null, domain: [Math.min(0, ...view.values) - 0.15, Math.max(...view.values) + 0.15], ticks: 5 },
    marks: [
      Plot.ruleY(view.values, { stroke: color('rule'), strokeDasharray: '3 3' }),
      view.bank === 'square' ? Plot.dot(points, { x: 'x', y: 'y', r: 1.4, fill: color('muted'), clip: true }) : null,
      Plot.line(view.x, { x: (x) => x, y: (x) => value(x * x), stroke: color('orange'), strokeWidth: 1.5 }),
      Plot.line(read, { x: 'x', y: 'y', stroke: color('blue'), strokeWidth: 2.5, curve: 'step' }),
    ],
  });
}

/** Address of the value nearest to the function at x. */
function nearest({ bank, values }: GumbelView, x: number): number {
  const distances = values.map((number) => Math.abs(number - banks[bank].value(x * x)));
  return distances.indexOf(Math.min(...distances));
}
