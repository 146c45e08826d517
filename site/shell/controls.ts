// The controls of every page: buttons, state of training, checkpoints, and a status line.
import type { RuntimeInfo } from 'tapehead';
import { find } from './find.js';
import type { Ranges, Snapshot, ToPage, ToWorker } from './messages.js';

const markup = `
  <div class="buttons" role="group" aria-label="Training">
    <button type="button" id="train" class="primary" disabled>Train</button>
    <button type="button" id="step" disabled>Step</button>
    <button type="submit" form="settings" id="reset">Reset</button>
    <button type="button" id="save" disabled>Save checkpoint</button>
    <button type="button" id="open" disabled>Load checkpoint</button>
    <input type="file" id="file" accept=".safetensors" aria-label="Checkpoint file" hidden />
  </div>
  <dl class="figures">
    <div><dt>Updates</dt><dd id="updates">0</dd></div>
    <div><dt>Updates/s</dt><dd id="speed">–</dd></div>
    <div><dt>Loss</dt><dd id="loss">–</dd></div>
  </dl>
  <p id="notice" role="status">Starting …</p>
`;

/** Interval of the status line during training, for screen readers. */
const STATUS_EVERY_MS = 15_000;

export class Controls {
  readonly #train: HTMLButtonElement;
  readonly #notice: HTMLElement;
  readonly #engine = document.createElement('p');
  readonly #folder: string;
  #training = false;
  #announced = 0;
  /** Whether to announce the next snapshot, which the user requested by Step. */
  #stepping = false;

  constructor(folder: string, send: (message: ToWorker<never>) => void, ranges: () => Ranges) {
    this.#folder = folder;
    const place = find('#controls', HTMLElement);
    place.innerHTML = markup;
    this.#engine.id = 'engine';
    place.after(this.#engine);
    this.#notice = find('#notice', HTMLElement);
    this.#train = find('#train', HTMLButtonElement);
    this.#train.onclick = () => send({ kind: this.#training ? 'pause' : 'train' });
    find('#step', HTMLButtonElement).onclick = () => {
      this.#stepping = true;
      send({ kind: 'step' });
    };
    find('#save', HTMLButtonElement).onclick = () => send({ kind: 'save' });
    const input = find('#file', HTMLInputElement);
    find('#open', HTMLButtonElement).onclick = () => input.click();
    input.onchange = async () => {
      const [chosen] = input.files ?? [];
      if (chosen !== undefined) {
        send({ kind: 'open', file: new Uint8Array(await chosen.arrayBuffer()), ranges: ranges() });
      }
      // Lets the user choose the same file again.
      input.value = '';
    };
  }

  showSnapshot({ training, updates, updatesPerSecond, history }: Snapshot<unknown>): void {
    const loss = history.at(-1)?.loss?.toPrecision(3) ?? '–';
    const count = updates.toLocaleString('en');
    find('#updates', HTMLElement).textContent = count;
    find('#loss', HTMLElement).textContent = loss;
    if (training) find('#speed', HTMLElement).textContent = updatesPerSecond.toFixed(0);
    const due = training && performance.now() - this.#announced > STATUS_EVERY_MS;
    const changed = training !== this.#training;
    if (!changed && !due && !this.#stepping) return;
    this.#stepping = false;
    this.#showTraining(training);
    if (training) this.#announce(changed ? 'Training.' : `Update ${count}, loss ${loss}.`);
    else this.#announce(`Paused after ${count} ${updates === 1 ? 'update' : 'updates'}, loss ${loss}.`);
  }

  show(message: Exclude<ToPage<unknown>, Snapshot<unknown>>): void {
    switch (message.kind) {
      case 'ready':
        this.#showEngine(message.info);
        this.#showTraining(false);
        this.#announce(message.opened ? 'Checkpoint loaded.' : 'Ready.');
        break;
      case 'saved':
        download(`${this.#folder}.safetensors`, message.file);
        this.#announce('Checkpoint saved.');
        break;
      case 'refused':
        this.#announce(`Cannot load this checkpoint: ${message.reason}. Nothing has changed.`, true);
        break;
      case 'failed':
        this.#showTraining(false);
        this.#announce(`Training failed: ${message.reason}.`, true);
    }
  }

  #showEngine({ variant, threads, reason }: RuntimeInfo): void {
    const count = threads === 1 ? 'one thread' : `${threads} threads`;
    this.#engine.textContent = `Runs the ${variant} kernels on ${count}: ${reason}.`;
    for (const id of ['train', 'step', 'save', 'open']) find(`#${id}`, HTMLButtonElement).disabled = false;
  }

  #showTraining(training: boolean): void {
    this.#training = training;
    this.#train.textContent = training ? 'Pause' : 'Train';
  }

  #announce(text: string, isError = false): void {
    this.#announced = performance.now();
    this.#notice.textContent = text;
    this.#notice.classList.toggle('error', isError);
  }
}

function download(name: string, file: Uint8Array<ArrayBuffer>): void {
  const href = URL.createObjectURL(new Blob([file], { type: 'application/octet-stream' }));
  Object.assign(document.createElement('a'), { href, download: name }).click();
  URL.revokeObjectURL(href);
}
