// Valid arguments of layers, models, tasks, data sets and files.
import { type Expression, expression, literal, object } from './expression.js';
import type { Cook, Recipe } from './recipes.js';

const rows = (count: number, columns: number): Expression =>
  expression(`rows[${count}, ${columns}]`, () => ({
    shape: [count, columns],
    data: Float32Array.from({ length: count * columns }, (_, i) => Math.sin(i)),
  }));

function layer(...sizes: readonly number[]): Recipe {
  return (cook) => [cook.parameters, ...sizes.map((size) => literal(Math.min(size, cook.size()))), cook.random];
}

function networks(cook: Cook) {
  return {
    narrow: cook.integer(1, 3),
    wide: cook.integer(1, 3),
    residual: cook.integer(1, 2),
    residualBlocks: cook.integer(0, 2),
    latentSize: cook.integer(1, 3),
    channels: cook.maybe(cook.integer(1, 3)),
    variance: cook.maybe(cook.number(0.1, 1)),
    random: cook.random,
  };
}

const sequence = (cook: Cook) => cook.tensor([cook.size(3), cook.size(2), 3], 0, 1);
const images = (cook: Cook, count = 1) => cook.tensor([count, 3, 8, 8], 0, 1);
const latents = (cook: Cook) => cook.tensor([1, 2, 2, 2]);
const mode = (cook: Cook) => object({ training: cook.boolean() });

/** States of a model, of the batch size that goes with the input. */
function state(name: string, batch: number): Expression {
  return expression(`${name}.initialState(${batch})`, (world) =>
    (world.instance(name) as { initialState(batch: number): unknown }).initialState(batch),
  );
}

function fitOptions(cook: Cook) {
  return {
    memorySize: cook.integer(1, 4),
    random: cook.random,
    similarity: cook.maybe(cook.oneOf('dot', 'l2', 'cosine')),
    strength: cook.maybe(cook.number(0.1, 3)),
    learnStrength: cook.maybe(cook.boolean()),
    ridge: cook.maybe(cook.number(0, 1)),
    batchSize: cook.maybe(cook.integer(1, 8)),
    initialKeys: cook.maybe(cook.oneOf('random', 'rows')),
  };
}

const vae = (name: string): Record<string, Recipe> => ({
  [`${name}.forward`]: (cook) => (name === 'MemoryVAE' ? [images(cook)] : [images(cook), mode(cook)]),
  [`${name}.encode`]: (cook) => [images(cook)],
  [`${name}.decode`]: (cook) => [latents(cook)],
});

const sequenceModel = (name: string): Record<string, Recipe> => ({
  [`${name}.initialState`]: (cook) => [cook.integer(1, 3)],
  [`${name}.step`]: (cook) => {
    const batch = cook.size(3);
    return [cook.tensor([batch, 3], 0, 1), state(name, batch)];
  },
  [`${name}.forward`]: (cook) => [sequence(cook)],
});

export const modelRecipes: Record<string, Recipe> = {
  Linear: layer(4, 4),
  LSTMCell: layer(4, 4),
  BatchNorm1d: (cook) => [cook.parameters, cook.integer(1, 4)],
  Conv2d: (cook) => [
    ...layer(3, 3, 3)(cook),
    cook.maybe(object({ bias: cook.maybe(cook.boolean()), padding: literal(1) })),
  ],
  ConvTranspose2d: (cook) => [...layer(3, 3, 3)(cook), cook.maybe(object({ stride: cook.shape(1, 2) }))],
  AddressNetwork: (cook) => [cook.parameters, cook.shape(3, cook.size(), 4), cook.random],
  'Linear.forward': (cook) => [cook.tensor([cook.size(), 3])],
  'LSTMCell.forward': (cook) => [cook.tensor([2, 3]), cook.tensor([2, 2]), cook.tensor([2, 2])],
  'BatchNorm1d.forward': (cook) => [cook.tensor([1 + cook.size(), 3]), mode(cook)],
  'Conv2d.forward': (cook) => [cook.tensor([cook.size(2), 2, cook.size(), cook.size()])],
  'ConvTranspose2d.forward': (cook) => [cook.tensor([cook.size(2), 2, cook.size(), cook.size()])],
  'AddressNetwork.forward': (cook) => [cook.tensor([1 + cook.size(), 3]), mode(cook)],
  GumbelMemory: (cook) => [
    cook.runtime,
    object({
      bank: cook.tensor([cook.size(), cook.size()]),
      random: cook.random,
      inputSize: cook.integer(1, 3),
      hiddenSizes: cook.maybe(cook.shape(3, 2)),
      trainable: cook.maybe(cook.boolean()),
      hard: cook.maybe(cook.boolean()),
    }),
  ],
  'GumbelMemory.forward': (cook) => [
    cook.tensor([1 + cook.size(), 3]),
    object({ training: cook.boolean(), tau: cook.maybe(cook.number(0.1, 2)) }),
  ],
  'GumbelMemory.swap': (cook) => [cook.tensor([5, 2])],
  KernelMemory: (cook) => [
    cook.runtime,
    object({
      memorySize: cook.integer(1, 4),
      keySize: cook.integer(1, 4),
      valueSize: cook.integer(1, 4),
      strength: cook.maybe(cook.number(0.1, 3)),
      learnStrength: cook.maybe(cook.boolean()),
    }),
  ],
  'KernelMemory.fit': (cook) => [
    cook.runtime,
    rows(6, 2),
    rows(6, 1),
    object({ ...fitOptions(cook), iterations: cook.integer(0, 2) }),
  ],
  'KernelMemory.startFit': (cook) => [cook.runtime, rows(6, 2), rows(6, 1), object(fitOptions(cook))],
  'KernelMemory.load': (cook) => [
    cook.runtime,
    expression('a saved memory', (world) => (world.instance('KernelMemory') as { save(): Uint8Array }).save()),
  ],
  'KernelMemory.read': (cook) => [cook.tensor([cook.size(), 2])],
  'KernelMemory.weights': (cook) => [cook.tensor([cook.size(), 2])],
  'KernelMemory.predict': (cook) => [cook.choice.chance(0.5) ? rows(cook.size(), 2) : cook.tensor([cook.size(), 2])],
  NTM: (cook) => [
    cook.runtime,
    object({
      inputSize: cook.integer(1, 3),
      outputSize: cook.integer(1, 3),
      random: cook.random,
      controller: cook.maybe(cook.oneOf('lstm', 'feed-forward')),
      controllerSize: cook.integer(1, 4),
      controllerLayers: cook.maybe(cook.integer(1, 2)),
      memorySize: cook.integer(1, 5),
      wordSize: cook.integer(1, 4),
      heads: cook.maybe(cook.integer(1, 2)),
      maxShift: cook.maybe(cook.integer(0, 1)),
      memoryInit: cook.maybe(cook.oneOf('constant', 'learned', 'random')),
      focusInit: cook.maybe(cook.oneOf('first', 'random')),
    }),
  ],
  LSTMBaseline: (cook) => [
    cook.runtime,
    object({
      inputSize: cook.integer(1, 3),
      outputSize: cook.integer(1, 3),
      random: cook.random,
      hiddenSize: cook.integer(1, 4),
      layers: cook.integer(1, 2),
    }),
  ],
  ...sequenceModel('NTM'),
  ...sequenceModel('LSTMBaseline'),
  MemoryVAE: (cook) => [
    cook.runtime,
    object({
      ...networks(cook),
      memorySize: cook.integer(1, 4),
      similarity: cook.maybe(cook.oneOf('dot', 'l2', 'cosine')),
      learnStrength: cook.maybe(cook.boolean()),
      memoryInit: cook.maybe(cook.shape(0, 1)),
    }),
  ],
  VQVAE: (cook) => [
    cook.runtime,
    object({
      ...networks(cook),
      codebookSize: cook.integer(1, 4),
      update: cook.maybe(cook.oneOf('gradient', 'average')),
      restartDeadCodes: cook.maybe(cook.boolean()),
    }),
  ],
  GaussianVAE: (cook) => [cook.runtime, object({ ...networks(cook), klWeight: cook.maybe(cook.number(0, 1)) })],
  ...vae('MemoryVAE'),
  ...vae('VQVAE'),
  ...vae('GaussianVAE'),
  'MemoryVAE.weights': (cook) => [images(cook)],
  'VQVAE.startAt': (cook) => [images(cook, 2), cook.random],
  'GaussianVAE.sample': () => [literal(1), literal(8), literal(8)],
  'LatentMixture.fit': (cook) => [
    expression('vae', (world) => world.instance('MemoryVAE')),
    images(cook, 3),
    object({ random: cook.random, components: cook.integer(1, 3) }),
  ],
  'LatentMixture.load': (cook) => [
    expression('vae', (world) => world.instance('MemoryVAE')),
    cook.state('LatentMixture'),
  ],
  'LatentMixture.sample': (cook) => [cook.integer(1, 2), cook.random],
  kMeans: (cook) => [cook.runtime, rows(6, 2), cook.integer(1, 4), cook.random],
  linearAnnealing: (cook) => [cook.number(1, 2), cook.number(0.1, 1), cook.integer(1, 9)],
  exponentialAnnealing: (cook) => [cook.number(1, 2), cook.number(0.1, 1), cook.number(0, 1)],
  countChoices: (cook) => [cook.shape(0, 1, 1), cook.integer(2, 5)],
  CopyTask: (cook) => [
    cook.runtime,
    object({
      random: cook.random,
      vectorSize: cook.maybe(cook.integer(1, 3)),
      maxLength: cook.maybe(cook.integer(1, 4)),
    }),
  ],
  'CopyTask.drawLength': (cook) => [cook.maybe(cook.integer(1, 4))],
  'CopyTask.batch': (cook) => [cook.integer(1, 3), cook.maybe(cook.integer(1, 3))],
  bitsWrong: (cook) => [cook.tensor([2, 3, 2]), cook.tensor([2, 3, 2], 0, 1)],
  readIdx: () => [expression('an IDX file', () => Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6))],
  ImageBatches: (cook) => [
    cook.runtime,
    object({
      images: expression('new Uint8Array(8)', () => new Uint8Array(8)),
      shape: cook.shape(1, 2, 2),
      random: cook.random,
    }),
  ],
  'ImageBatches.batch': (cook) => [cook.integer(1, 6)],
  'ImageBatches.pick': (cook) => [cook.shape(0, 5, 3)],
  'ImageBatches.setState': () => [
    object({ random: object({ seed: literal(1), counter: literal(3) }), position: literal(2) }),
  ],
  readSafetensors: () => [
    expression('a safetensors file', (world) => world.module.writeSafetensors(world.parameters.stateDict())),
  ],
  writeSafetensors: (cook) => [
    expression('tensors', () => new Map([['w', { shape: [2], data: Float32Array.of(1, 2) }]])),
    cook.maybe(object({ format: literal('pt') })),
  ],
  load: (cook) => [
    cook.maybe(
      object({
        threads: literal(1),
        variant: cook.maybe(literal('simd')),
        maxMemory: cook.maybe(literal(2 ** 22)),
      }),
    ),
  ],
};
