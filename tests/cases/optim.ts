// The optimizers and options to test, and parameters to test them on.
import {
  Adam,
  type AdamOptions,
  AdamW,
  type Optimizer,
  Parameters,
  RMSprop,
  type RMSpropOptions,
  type Runtime,
  SGD,
  type SGDOptions,
} from '../../index.js';
import { adamTwin, rmspropTwin, sgdTwin, type Twin } from '../reference/optim.js';
import { gaussian } from '../support/random-numbers.js';

export interface Case {
  readonly make: (parameters: Parameters) => Optimizer;
  readonly twin: () => Twin;
}

function sgd(options: SGDOptions): Case {
  const all = { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, ...options };
  return { make: (parameters) => new SGD(parameters, options), twin: () => sgdTwin(all) };
}

function adam(options: AdamOptions): Case {
  const all = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0, amsgrad: false, ...options };
  return { make: (parameters) => new Adam(parameters, options), twin: () => adamTwin(all) };
}

function adamW(options: AdamOptions): Case {
  const all = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 1e-2, amsgrad: false, ...options };
  return {
    make: (parameters) => new AdamW(parameters, options),
    twin: () => adamTwin(all, { decoupled: true }),
  };
}

function rmsprop(options: RMSpropOptions): Case {
  const rest = { weightDecay: 0, momentum: 0, centered: false, epsInsideRoot: false };
  const all = { lr: 1e-2, alpha: 0.99, eps: 1e-8, ...rest, ...options };
  return { make: (parameters) => new RMSprop(parameters, options), twin: () => rmspropTwin(all) };
}

export const cases: Record<string, Case> = {
  'SGD by default': sgd({}),
  'SGD with weight decay': sgd({ lr: 0.1, weightDecay: 0.1 }),
  'SGD with momentum': sgd({ lr: 0.01, momentum: 0.9 }),
  'SGD with dampening': sgd({ lr: 0.01, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }),
  'SGD with Nesterov momentum': sgd({ lr: 0.01, momentum: 0.9, nesterov: true }),
  'Adam by default': adam({}),
  'Adam with options': adam({ lr: 0.01, betas: [0.8, 0.95], eps: 1e-3, weightDecay: 0.1 }),
  'Adam with AMSGrad': adam({ lr: 0.01, betas: [0.9, 0.7], amsgrad: true }),
  'AdamW by default': adamW({}),
  'AdamW with options': adamW({ lr: 0.01, weightDecay: 0.5, betas: [0.5, 0.9], amsgrad: true }),
  'RMSprop by default': rmsprop({}),
  'RMSprop with momentum': rmsprop({ lr: 1e-3, alpha: 0.95, momentum: 0.9, weightDecay: 0.01 }),
  'RMSprop centered': rmsprop({ lr: 1e-3, alpha: 0.9, centered: true }),
  'RMSprop of Graves 2013': rmsprop({
    ...{ lr: 1e-3, alpha: 0.95, eps: 1e-4, momentum: 0.9, centered: true, epsInsideRoot: true },
  }),
};

export const shapes: Record<string, number[]> = { scalar: [], weight: [7, 5], bias: [16], 'nested.weight': [2, 3, 3] };
export const size = 1 + 35 + 16 + 18;

/** Parameters of several shapes, so that the flat buffer has gaps. */
export function makeParameters(runtime: Runtime, values: ArrayLike<number>): Parameters {
  const parameters = new Parameters(runtime);
  for (const [name, shape] of Object.entries(shapes)) parameters.create(name, shape);
  let offset = 0;
  for (const [, tensor] of parameters.entries()) {
    tensor.set(Array.from({ length: tensor.size }, (_, i) => values[offset + i]!));
    offset += tensor.size;
  }
  return parameters;
}

export function setGradients(parameters: Parameters, values: ArrayLike<number>): void {
  parameters.flat();
  const { arena } = parameters.runtime;
  let offset = 0;
  for (const [, { gradPointer, size }] of parameters.entries()) {
    const part = Array.from({ length: size }, (_, i) => values[offset + i]!);
    arena.write(gradPointer, part);
    offset += size;
  }
}

export function valuesOf(parameters: Parameters): number[] {
  return [...parameters.entries()].flatMap(([, tensor]) => [...tensor.toArray()]);
}

export function gradientsOf(parameters: Parameters): number[] {
  return [...parameters.entries()].flatMap(([, tensor]) => [...tensor.grad!]);
}

export function numbers(count: number, random: () => number): Float64Array {
  return Float64Array.from({ length: count }, () => Math.fround(gaussian(random)));
}
