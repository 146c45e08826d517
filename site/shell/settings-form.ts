// The form with the settings of the model; submitting it resets training.
import { find } from './find.js';
import type { Ranges, Settings } from './messages.js';

export class SettingsForm {
  /** Whether the model has been trained: changes then wait for Reset. */
  trained = false;
  readonly #form = find('#settings', HTMLFormElement);
  readonly #hint = find('#settings-hint', HTMLElement);

  constructor(reset: (settings: Settings) => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#hint.textContent = '';
      reset(this.#read());
    });
    this.#form.addEventListener('change', () => {
      if (this.trained) this.#hint.textContent = 'Press Reset to start over with these settings.';
      else this.submit();
    });
  }

  submit(): void {
    this.#form.requestSubmit();
  }

  /** Range of each number in the form. */
  get ranges(): Ranges {
    const numbers = this.#fields().filter((field) => field instanceof HTMLInputElement && field.type === 'number');
    return Object.fromEntries(
      (numbers as HTMLInputElement[]).map(({ name, min, max }) => [name, [Number(min), Number(max)]]),
    );
  }

  /** Puts `settings` into the fields. */
  show(settings: Settings): void {
    for (const field of this.#fields()) field.value = String(settings[field.name] ?? field.value);
    this.#hint.textContent = '';
  }

  #read(): Settings {
    return Object.fromEntries(
      this.#fields().map((field) => [field.name, field.type === 'number' ? Number(field.value) : field.value]),
    );
  }

  #fields(): (HTMLInputElement | HTMLSelectElement)[] {
    return [...this.#form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input[name], select[name]')];
  }
}
