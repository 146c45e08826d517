// The tape: what ops record going forward, and the backward pass through it.
import type { Runtime } from './runtime.js';
import type { Tensor } from './tensor.js';

/** @internal The tensors whose values a backward reads. Default: all inputs and outputs. */
export type Saved = readonly Tensor[] | (() => readonly Tensor[]);

/** What the backward of a linear op reads. */
export const NOTHING_READ: readonly Tensor[] = [];

/** What the backward of a product reads: each factor for the gradient of the other. */
export function factorsRead(a: Tensor, b: Tensor): readonly Tensor[] {
  return [...(b.requiresGrad ? [a] : []), ...(a.requiresGrad ? [b] : [])];
}

/** One recorded op. */
export interface Entry {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly backward: () => void;
  readonly saved: Saved | undefined;
  /** `Runtime.clock` when the op ran: no saved value may have changed later. */
  readonly time: number;
  /** The last backward pass that needs it. */
  pass: number;
  /** Whether a backward pass has run it and dropped it. */
  consumed: boolean;
}

/** Work that waits for the end of the backward pass. */
export interface Deferred {
  flush(): void;
}

/** Recording order is a topological order: going backward is a loop from the end. */
export class Tape {
  /** Work left for the end of the running backward pass, by the tensor it is for. */
  readonly deferred = new Map<Tensor, Deferred>();
  #entries: Entry[] = [];
  #pass = 0;
  #retained = false;

  constructor(readonly runtime: Runtime) {}

  /** Drops everything. Not touching empty collections is what keeps small steps cheap. */
  clear(): void {
    if (this.#entries.length > 0) this.#entries = [];
    if (this.deferred.size > 0) this.deferred.clear();
    this.#retained = false;
  }

  record(
    op: string,
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    backward: () => void,
    saved: Saved | undefined,
  ): void {
    const time = this.runtime.clock;
    const entry: Entry = { op, inputs, outputs, backward, saved, time, pass: 0, consumed: false };
    for (let i = 0; i < outputs.length; i++) (outputs[i] as Tensor).require(entry);
    this.#entries.push(entry);
  }

  /**
   * Runs the entries that `outputs` were computed by, from the last to the first; `seed` writes the upstream gradients first. Throws an
   * Error, before any gradient has changed, where one of them was consumed by an earlier pass or a saved value has changed since.
   */
  backward(outputs: readonly Tensor[], seed: () => void, retainGraph: boolean, detectAnomaly: boolean): void {
    const order = this.#plan(outputs);
    const earlier = this.#retained ? this.#setAside(order) : [];
    try {
      seed();
      for (const entry of order) {
        if (!anyHasGradient(entry.outputs)) continue;
        if (entry.time >= this.runtime.flipped) entry.backward();
        else runAsRecorded(entry);
        if (detectAnomaly) this.#expectFiniteGradients(entry);
      }
      for (const work of this.deferred.values()) work.flush();
      if (detectAnomaly) for (const entry of order) this.#expectFiniteGradients(entry);
      for (const [tensor, address] of earlier) this.#addEarlier(tensor, address);
    } catch (error) {
      for (const { inputs } of order) for (const input of inputs) if (isLeaf(input)) input.zeroGrad();
      throw error;
    } finally {
      this.deferred.clear();
      if (retainGraph) this.#retained = true;
      else this.#consume(order);
    }
  }

  /** The first op that was given, or produced, a value that is not finite; for messages. */
  blame(): string | undefined {
    for (const { op, inputs, outputs } of this.#entries) {
      const input = inputs.findIndex((tensor) => !this.#isFinite(tensor.pointer, tensor.size));
      if (input >= 0) return `input ${input} of ${op} was not finite to begin with`;
      if (!outputs.every((tensor) => this.#isFinite(tensor.pointer, tensor.size))) {
        return `${op} was the first op to produce a NaN or an infinity`;
      }
    }
    return undefined;
  }

  /** The entries that a pass from `outputs` needs, the last first. */
  #plan(outputs: readonly Tensor[]): Entry[] {
    const pass = ++this.#pass;
    for (const output of outputs) need(output, pass);
    const order: Entry[] = [];
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i] as Entry;
      if (entry.pass !== pass) continue;
      if (entry.time !== this.runtime.clock) expectUnchanged(entry);
      order.push(entry);
      for (let j = 0; j < entry.inputs.length; j++) need(entry.inputs[j] as Tensor, pass);
    }
    return order;
  }

  #consume(order: readonly Entry[]): void {
    for (const entry of order) entry.consumed = true;
    this.#entries = order.length === this.#entries.length ? [] : this.#entries.filter(({ consumed }) => !consumed);
  }

  /** Takes the gradients that an earlier pass left at intermediate tensors, so that this pass does not send them on again. */
  #setAside(order: readonly Entry[]): [Tensor, number][] {
    const found: [Tensor, number][] = [];
    for (const { outputs } of order) {
      for (const output of outputs) {
        if (output.gradAddress === 0) continue;
        found.push([output, output.gradAddress]);
        output.gradAddress = 0;
      }
    }
    return found;
  }

  #addEarlier(tensor: Tensor, address: number): void {
    if (tensor.gradAddress === 0) tensor.gradAddress = address;
    else this.runtime.kernels.addScaled(tensor.gradAddress, address, tensor.size, 1);
  }

  #expectFiniteGradients({ op, inputs }: Entry): void {
    for (const [i, { gradPointer, size }] of inputs.entries()) {
      if (gradPointer === 0 || this.#isFinite(gradPointer, size)) continue;
      throw new RangeError(`backward: the gradient of input ${i} of ${op} is the first that is NaN or infinite`);
    }
  }

  #isFinite(address: number, size: number): boolean {
    return this.runtime.kernels.allFinite(address, size) !== 0;
  }
}

/** Marks the entry that computed `tensor`. */
function need(tensor: Tensor, pass: number): void {
  const { entry } = tensor.graded;
  if (entry === undefined) return;
  if (entry.consumed) {
    throw new Error(
      `backward: the graph of ${entry.op} was freed by an earlier backward; call runtime.backward([a, b]) once, or pass { retainGraph: true } first`,
    );
  }
  entry.pass = pass;
}

/** Values that the backward of an op reads must be those of its forward. */
function expectUnchanged({ op, inputs, outputs, saved, time }: Entry): void {
  if (saved !== undefined) expectOlder(op, typeof saved === 'function' ? saved() : saved, time, inputs);
  else {
    expectOlder(op, inputs, time, inputs);
    expectOlder(op, outputs, time, inputs);
  }
}

function expectOlder(op: string, tensors: readonly Tensor[], time: number, inputs: readonly Tensor[]): void {
  for (const tensor of tensors) {
    if (tensor.base.changed <= time) continue;
    const parameter = tensor.base.owned?.parameter;
    const index = inputs.indexOf(tensor);
    const which = parameter !== undefined ? `parameter "${parameter}"` : index < 0 ? 'the result' : `input ${index}`;
    const what = tensor.scope.alive ? 'changed' : 'disposed';
    throw new Error(`backward: ${which} of ${op} was ${what} after ${op} ran; call backward first, or ${op} again`);
  }
}

/** Runs `backward` for the inputs that required a gradient when the op ran, and still do: other gradients are not touched. */
function runAsRecorded({ inputs, time, backward }: Entry): void {
  const later = inputs.filter((input) => input.requiresGrad && !input.requiredGradAt(time));
  for (const input of later) input.forceRequiresGrad(false);
  try {
    if (inputs.some(({ requiresGrad }) => requiresGrad)) backward();
  } finally {
    for (const input of later) input.forceRequiresGrad(true);
  }
}

function anyHasGradient(tensors: readonly Tensor[]): boolean {
  for (let i = 0; i < tensors.length; i++) if ((tensors[i] as Tensor).gradPointer !== 0) return true;
  return false;
}

function isLeaf({ graded }: Tensor): boolean {
  return graded.entry === undefined;
}
