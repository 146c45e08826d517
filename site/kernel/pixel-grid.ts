// A grid of pixels to toggle by mouse or keyboard.
import { PIXELS, SIDE } from '../shell/pictures.js';

/** Target of each key; Home and End go to the ends of the row. */
const moves: Readonly<Record<string, (at: number) => number>> = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at) => at - SIDE,
  ArrowDown: (at) => at + SIDE,
  Home: (at) => at - (at % SIDE),
  End: (at) => at - (at % SIDE) + SIDE - 1,
};

export class PixelGrid {
  readonly #cells: readonly HTMLElement[];
  readonly #changed: () => void;
  /** State of a drag: the value it gives to cells, and whether it has changed one. */
  #stroke: { readonly on: boolean; changed: boolean } | undefined;

  /** Fills `place`; `changed` is called after the user has toggled pixels. */
  constructor(place: HTMLElement, changed: () => void) {
    this.#changed = changed;
    Object.assign(place, { role: 'grid', ariaMultiSelectable: 'true', ariaLabel: 'Query pixels' });
    this.#cells = Array.from({ length: PIXELS }, (_, i) => cell(i));
    for (let row = 0; row < SIDE; row++) {
      const line = document.createElement('div');
      line.role = 'row';
      line.append(...this.#cells.slice(row * SIDE, (row + 1) * SIDE));
      place.append(line);
    }
    (this.#cells[0] as HTMLElement).tabIndex = 0;
    place.addEventListener('keydown', (event) => this.#press(event));
    place.addEventListener('pointerdown', (event) => this.#begin(event));
    place.addEventListener('pointerover', ({ target }) => this.#paint(this.#at(target)));
    addEventListener('pointerup', () => this.#end());
  }

  /** Selected pixels in ascending order. */
  get pixels(): readonly number[] {
    return this.#cells.flatMap((_, at) => (this.#isOn(at) ? [at] : []));
  }

  set pixels(pixels: readonly number[]) {
    const on = new Set(pixels);
    for (const [at, cell] of this.#cells.entries()) cell.ariaSelected = String(on.has(at));
  }

  #press(event: KeyboardEvent): void {
    const at = this.#at(event.target);
    const to = moves[event.key]?.(at);
    if (to === undefined && event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (to !== undefined) this.#focus(to, at);
    else {
      this.#stroke = { on: !this.#isOn(at), changed: false };
      this.#paint(at);
      this.#end();
    }
  }

  #begin(event: PointerEvent): void {
    const at = this.#at(event.target);
    if (at < 0 || event.button !== 0) return;
    this.#stroke = { on: !this.#isOn(at), changed: false };
    this.#focus(
      at,
      this.#cells.findIndex((cell) => cell.tabIndex === 0),
    );
    this.#paint(at);
  }

  #paint(at: number): void {
    const stroke = this.#stroke;
    if (stroke === undefined || at < 0 || this.#isOn(at) === stroke.on) return;
    // At least one pixel stays selected.
    if (!stroke.on && this.pixels.length === 1) return;
    (this.#cells[at] as HTMLElement).ariaSelected = String(stroke.on);
    stroke.changed = true;
  }

  #end(): void {
    const changed = this.#stroke?.changed;
    this.#stroke = undefined;
    if (changed) this.#changed();
  }

  /** Moves the focus; Tab reaches a single cell of the grid. */
  #focus(to: number, from: number): void {
    const next = this.#cells[to];
    if (next === undefined) return;
    (this.#cells[from] as HTMLElement).tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #isOn(at: number): boolean {
    return this.#cells[at]?.ariaSelected === 'true';
  }

  #at(target: EventTarget | null): number {
    return this.#cells.indexOf(target as HTMLElement);
  }
}

function cell(at: number): HTMLElement {
  const cell = document.createElement('div');
  cell.role = 'gridcell';
  cell.tabIndex = -1;
  cell.ariaSelected = 'false';
  cell.ariaLabel = `row ${Math.floor(at / SIDE) + 1}, column ${(at % SIDE) + 1}`;
  return cell;
}
