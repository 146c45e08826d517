// The mixture over latent maps: moments of its samples, saving, invalid arguments.
import test from 'ava';
import {
  GaussianVAE,
  LatentMixture,
  type LatentModel,
  load,
  MemoryVAE,
  Random,
  readSafetensors,
  type StateDict,
  type Tensor,
  VQVAE,
  writeSafetensors,
} from '../index.js';
import { seeded } from './support/random-numbers.js';

const runtime = await load();

/** Images are their own latent maps. */
const mirror: LatentModel = { runtime, encode: (images) => images, decode: (z) => z };

/** Maps [count, 2, 1, 2] around one of two far centres; the second number follows the first. */
function maps(count: number): Tensor {
  const random = seeded(3);
  const rows = Array.from({ length: count }, (_, i) => {
    const a = (i % 4 === 0 ? 10 : -10) + 2 * random();
    return [a, a + random(), 3 * random(), 5];
  });
  return runtime.tensor(rows.flat(), [count, 2, 1, 2]);
}

/** Mean and covariance of rows of 4 numbers. */
function moments(numbers: Float32Array): { mean: number[]; covariance: number[] } {
  const n = numbers.length / 4;
  const mean = [0, 1, 2, 3].map((c) => numbers.reduce((sum, value, i) => (i % 4 === c ? sum + value / n : sum), 0));
  const covariance = Array.from({ length: 16 }, (_, ij) => {
    const [i, j] = [Math.floor(ij / 4), ij % 4];
    let sum = 0;
    for (let row = 0; row < n; row++) sum += (numbers[4 * row + i]! - mean[i]!) * (numbers[4 * row + j]! - mean[j]!);
    return sum / n;
  });
  return { mean, covariance };
}

function drawn(components: number, count: number): Float32Array {
  return runtime.noGrad(() => {
    const random = new Random(runtime, 1);
    return LatentMixture.fit(mirror, maps(120), { random, components }).sample(count, random).toArray();
  });
}

for (const components of [1, 2, 5]) {
  test(`samples have mean and covariance of the fitted maps: ${components} components`, (t) => {
    const expected = moments(runtime.noGrad(() => maps(120).toArray()));
    const found = moments(drawn(components, 4000));
    for (let c = 0; c < 4; c++) {
      const sigma = Math.sqrt(expected.covariance[5 * c]!);
      t.true(Math.abs(found.mean[c]! - expected.mean[c]!) <= 0.08 * sigma + 1e-5, `mean ${c}: ${found.mean[c]}`);
      for (let d = 0; d < 4; d++) {
        const scale = sigma * Math.sqrt(expected.covariance[5 * d]!);
        const [have, want] = [found.covariance[4 * c + d]!, expected.covariance[4 * c + d]!];
        t.true(Math.abs(have - want) <= 0.1 * scale + 1e-4, `covariance ${c} ${d}: ${have} for ${want}`);
      }
    }
  });
}

test('two components separate two clusters; one component covers both', (t) => {
  const between = (components: number) =>
    drawn(components, 1000).filter((value, i) => i % 4 === 0 && Math.abs(value) < 5).length;
  t.is(between(2), 0);
  t.true(between(1) > 100);
});

test('a component of one image samples that image', (t) => {
  const one = runtime.noGrad(() => {
    const random = new Random(runtime, 1);
    return LatentMixture.fit(mirror, maps(1), { random, components: 1 }).sample(2, random).toArray();
  });
  const image = runtime.noGrad(() => maps(1).toArray());
  t.deepEqual([...one], [...image, ...image]);
});

const small = { narrow: 6, wide: 8, residual: 4, latentSize: 5 };

test('all three models generate the same images from the same seed', (t) => {
  const random = () => new Random(runtime, 1);
  const models = [
    new MemoryVAE(runtime, { ...small, memorySize: 9, random: random() }),
    new VQVAE(runtime, { ...small, codebookSize: 9, random: random() }),
    new GaussianVAE(runtime, { ...small, random: random() }),
  ];
  for (const model of models) {
    runtime.noGrad(() => {
      const images = random().uniform([130, 3, 8, 12]);
      const sample = () => LatentMixture.fit(model, images, { random: random(), components: 3 }).sample(4, random());
      t.deepEqual(sample().shape, [4, 3, 8, 12]);
      t.deepEqual(sample().toArray(), sample().toArray());
      const again = model.decode(model.encode(images)).toArray();
      t.deepEqual(again, model.forward(images, { training: false }).images.toArray());
    });
  }
});

test('samples are read from the memory: one row gives one image', (t) => {
  const random = new Random(runtime, 1);
  const images = (memorySize: number) => {
    const model = new MemoryVAE(runtime, { ...small, memorySize, random });
    return runtime.noGrad(() => {
      const mixture = LatentMixture.fit(model, random.uniform([10, 3, 8, 8]), { random, components: 2 });
      return mixture.sample(2, random).toArray();
    });
  };
  const [one, many] = [images(1), images(9)] as const;
  t.deepEqual(one.slice(0, 192), one.slice(192));
  t.notDeepEqual(many.slice(0, 192), many.slice(192));
});

test('a restored mixture generates the same images; load refuses other states', (t) => {
  const random = () => new Random(runtime, 4);
  const fitted = runtime.noGrad(() => LatentMixture.fit(mirror, maps(30), { random: random(), components: 3 }));
  const loaded = LatentMixture.load(mirror, readSafetensors(writeSafetensors(fitted.stateDict())).tensors);
  const draw = (mixture: LatentMixture) => runtime.noGrad(() => mixture.sample(9, random()).toArray());
  t.deepEqual(draw(loaded), draw(fitted));
  const wrong: [(state: StateDict) => unknown, RegExp][] = [
    [(state) => state.clear(), /^LatentMixture\.load: missing key "0\.mean"$/],
    [(state) => state.delete('1.mean'), /missing key "1\.mean"/],
    [(state) => state.set('1.mean', { shape: [4], data: new Float32Array(4) }), /1\.mean must have shape \[2, 1, 2\]/],
    [
      (state) => state.set('2.deviations', { shape: [0, 4], data: new Float32Array() }),
      /2\.deviations must be an integer/,
    ],
  ];
  for (const [spoil, message] of wrong) {
    const state = fitted.stateDict();
    spoil(state);
    t.throws(() => LatentMixture.load(mirror, state), { instanceOf: RangeError, message });
  }
});

test('invalid arguments throw one sentence', (t) => {
  const random = new Random(runtime, 1);
  const fitted = (components: number) =>
    runtime.noGrad(() => LatentMixture.fit(mirror, maps(3), { random, components }));
  t.throws(() => fitted(0), { message: 'LatentMixture.fit: components must be an integer ≥ 1, got 0' });
  t.throws(() => fitted(4), {
    message: 'LatentMixture.fit: components must be at most the number of images (3), got 4',
  });
  t.throws(() => runtime.noGrad(() => LatentMixture.fit(mirror, runtime.zeros([3, 2]), { random })), {
    message: /^LatentMixture\.fit: images must have shape/,
  });
  const mixture = fitted(1);
  t.throws(() => runtime.noGrad(() => mixture.sample(0, random)), {
    message: /^LatentMixture\.sample: count must be an integer/,
  });
});
