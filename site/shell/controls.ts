// What every page has: the buttons, where training stands, checkpoints, and a line that says what happened.
import type { RuntimeInfo } from 'tapehead';
import { find } from './find.js';
import type { Snapshot, ToPage, ToWorker } from './messages.js';

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

/** While training, the line says so often where it stands, for those who do not see the figures. */
const TOLD_EVERY_MS = 15_000;

export class Controls {
  readonly #train: HTMLButtonElement;
  readonly #notice: HTMLElement;
  readonly #engine = document.createElement('p');
  readonly #folder: string;
  #training = false;
  #told = 0;
  /** Whether the next snapshot is to be told, because a step was asked for. */
  #stepping = false;

  constructor(folder: string, say: (message: ToWorker<never>) => void) {
    this.#folder = folder;
    const place = find('#controls', HTMLElement);
    place.innerHTML = markup;
    this.#engine.id = 'engine';
    place.after(this.#engine);
    this.#notice = find('#notice', HTMLElement);
    this.#train = find('#train', HTMLButtonElement);
    this.#train.onclick = () => say({ kind: this.#training ? 'pause' : 'train' });
    find('#step', HTMLButtonElement).onclick = () => {
      this.#stepping = true;
      say({ kind: 'step' });
    };
    find('#save', HTMLButtonElement).onclick = () => say({ kind: 'save' });
    const file = find('#file', HTMLInputElement);
    find('#open', HTMLButtonElement).onclick = () => file.click();
    file.onchange = async () => {
      const [chosen] = file.files ?? [];
      if (chosen !== undefined) say({ kind: 'open', file: new Uint8Array(await chosen.arrayBuffer()) });
      // So that the same file can be chosen again.
      file.value = '';
    };
  }

  showSnapshot({ training, updates, updatesPerSecond, history }: Snapshot<unknown>): void {
    const loss = history.at(-1)?.loss?.toPrecision(3) ?? '–';
    const count = updates.toLocaleString('en');
    find('#updates', HTMLElement).textContent = count;
    find('#loss', HTMLElement).textContent = loss;
    if (training) find('#speed', HTMLElement).textContent = updatesPerSecond.toFixed(0);
    const due = training && performance.now() - this.#told > TOLD_EVERY_MS;
    const changed = training !== this.#training;
    if (!changed && !due && !this.#stepping) return;
    this.#stepping = false;
    this.#showTraining(training);
    if (training) this.#tell(changed ? 'Training.' : `At update ${count} the loss was ${loss}.`);
    else this.#tell(`Paused after ${count} ${updates === 1 ? 'update' : 'updates'}, loss ${loss}.`);
  }

  show(message: Exclude<ToPage<unknown>, Snapshot<unknown>>): void {
    switch (message.kind) {
      case 'ready':
        this.#showEngine(message.info);
        this.#showTraining(false);
        this.#tell(message.opened ? 'Checkpoint loaded.' : 'Ready.');
        break;
      case 'saved':
        download(`${this.#folder}.safetensors`, message.file);
        this.#tell('Checkpoint saved.');
        break;
      case 'refused':
        this.#tell(`This file cannot be loaded, and nothing has changed: ${message.reason}.`, true);
        break;
      case 'failed':
        this.#showTraining(false);
        this.#tell(`Training is not possible: ${message.reason}.`, true);
    }
  }

  #showEngine({ variant, threads, reason }: RuntimeInfo): void {
    const on = threads === 1 ? 'one thread' : `${threads} threads`;
    this.#engine.textContent = `Runs the ${variant} kernels on ${on}: ${reason}.`;
    for (const id of ['train', 'step', 'save', 'open']) find(`#${id}`, HTMLButtonElement).disabled = false;
  }

  #showTraining(training: boolean): void {
    this.#training = training;
    this.#train.textContent = training ? 'Pause' : 'Train';
  }

  #tell(text: string, fault = false): void {
    this.#told = performance.now();
    this.#notice.textContent = text;
    this.#notice.classList.toggle('fault', fault);
  }
}

function download(name: string, file: Uint8Array<ArrayBuffer>): void {
  const href = URL.createObjectURL(new Blob([file], { type: 'application/octet-stream' }));
  Object.assign(document.createElement('a'), { href, download: name }).click();
  URL.revokeObjectURL(href);
}
