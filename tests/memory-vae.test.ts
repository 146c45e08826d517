// The memory VAE and its baselines: shapes, keys, variants, moving averages, learning, invalid arguments.
import test from 'ava';
import {
  Adam,
  GaussianVAE,
  kMeans,
  load,
  MemoryVAE,
  type MemoryVAEOptions,
  Random,
  type Tensor,
  VQVAE,
  type VQVAEOptions,
} from '../index.js';
import { seeded } from './support/random-numbers.js';

const runtime = await load();
const small = { narrow: 6, wide: 8, residual: 4, latentSize: 5 };

function memoryVAE(options: Partial<MemoryVAEOptions> = {}): MemoryVAE {
  return new MemoryVAE(runtime, { ...small, memorySize: 9, random: new Random(runtime, 1), ...options });
}

function vqVAE(options: Partial<VQVAEOptions> = {}): VQVAE {
  return new VQVAE(runtime, { ...small, codebookSize: 9, random: new Random(runtime, 1), ...options });
}

/** Images of two colours, split at a line that lies elsewhere in each. */
function images(count: number, seed = 1): Tensor {
  const random = seeded(seed);
  const data = Array.from({ length: count }, () => {
    const [edge, left, right] = [random() * 8, random(), random()];
    return Array.from({ length: 3 * 64 }, (_, i) => (i % 8 < edge ? left : right));
  });
  return runtime.tensor(data.flat(), [count, 3, 8, 8]);
}

function close(a: number, b: number, limit = 1e-5): boolean {
  return Math.abs(a - b) <= limit * (1 + Math.abs(b));
}

for (const options of [
  {},
  { similarity: 'l2' as const, strength: 1, memoryInit: 1 },
  { similarity: 'dot' as const, strength: 0.5, learnStrength: false },
  {
    similarity: 'l2' as const,
    strength: -1,
    learnStrength: false,
    memoryInit: [-0.1, 0.1] as const,
    tiedResiduals: true,
  },
]) {
  test(`a memory VAE learns: ${JSON.stringify(options)}`, (t) => {
    const model = memoryVAE({ variance: 0.1, ...options });
    const optimizer = new Adam(model.parameters, { lr: 1e-2 });
    const errors = Array.from({ length: 60 }, () =>
      runtime.step(() => {
        const { loss, error, images: again } = model.forward(images(16));
        t.deepEqual(again.shape, [16, 3, 8, 8]);
        t.true(close(loss.item(), error.item() / 0.1));
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return error.item();
      }),
    );
    t.true(errors.at(-1)! < 0.6 * errors[0]!, `from ${errors[0]} to ${errors.at(-1)}`);
  });
}

test('weights of every latent vector sum to 1', (t) => {
  const model = memoryVAE();
  runtime.noGrad(() => {
    const x = images(2);
    const weights = model.weights(x);
    t.deepEqual(weights.shape, [2 * 4, 9]);
    for (let row = 0; row < 8; row++) {
      t.true(
        close(
          weights
            .toArray()
            .subarray(9 * row, 9 * row + 9)
            .reduce((a, b) => a + b),
          1,
        ),
      );
    }
    t.deepEqual(model.encode(x).shape, [2, 5, 2, 2]);
  });
  t.true(close(model.strength, 20));
});

test('state dicts have the documented keys; tied residual blocks share one block', (t) => {
  const keys = (model: { parameters: MemoryVAE['parameters'] }) => [...model.parameters.stateDict().keys()];
  const untied = keys(memoryVAE());
  for (const key of ['encoder.conv_1.weight', 'encoder.residuals.1.conv_2.weight', 'memory', 'decoder.conv_3.bias'])
    t.true(untied.includes(key), key);
  t.false(untied.includes('encoder.residuals.0.conv_1.bias'));
  const tied = keys(memoryVAE({ tiedResiduals: true, learnStrength: false }));
  t.deepEqual(
    untied.filter((key) => !tied.includes(key)),
    [
      ...['encoder', 'decoder'].flatMap((part) => [1, 2].map((i) => `${part}.residuals.1.conv_${i}.weight`)),
      'log_strength',
    ].sort((a, b) => untied.indexOf(a) - untied.indexOf(b)),
  );
  t.true(tied.includes('strength'));
  t.true(keys(vqVAE()).includes('cluster_size'));
  t.false(keys(vqVAE({ update: 'gradient' })).includes('cluster_size'));
});

for (const options of [{}, { update: 'gradient' as const, codebookInit: 0.1 }, { restartDeadCodes: true }]) {
  test(`a VQ-VAE learns: ${JSON.stringify(options)}`, (t) => {
    const model = vqVAE({ variance: 0.1, ...options });
    const optimizer = new Adam(model.parameters, { lr: 1e-2 });
    const errors = Array.from({ length: 100 }, () =>
      runtime.step(() => {
        const { loss, error, codes } = model.forward(images(16), { training: true });
        t.is(codes.length, 16 * 4);
        loss.backward();
        optimizer.step();
        optimizer.zeroGrad();
        return error.item();
      }),
    );
    t.true(errors.at(-1)! < 0.6 * errors[0]!, `from ${errors[0]} to ${errors.at(-1)}`);
  });
}

test('moving averages follow the vectors that chose a code', (t) => {
  const model = vqVAE({ decay: 0.9, codebookSize: 3 });
  const before = model.parameters.get('codebook').toArray();
  const x = images(4);
  const z = runtime.noGrad(() => model.encode(x).toArray());
  const { codes } = runtime.noGrad(() => ({ codes: model.forward(x, { training: true }).codes }));
  const counts = [0, 1, 2].map((code) => 0.9 + 0.1 * codes.filter((chosen) => chosen === code).length);
  const all = counts.reduce((a, b) => a + b);
  const after = model.parameters.get('codebook').toArray();
  for (let code = 0; code < 3; code++) {
    for (let c = 0; c < 5; c++) {
      let sum = 0.9 * before[code * 5 + c]!;
      // z is [4, 5, 2, 2]: vector `row` lies at image row / 4, place row % 4.
      for (const [row, chosen] of codes.entries())
        if (chosen === code) sum += 0.1 * z[(Math.floor(row / 4) * 5 + c) * 4 + (row % 4)]!;
      const smooth = ((counts[code]! + 1e-5) / (all + 3e-5)) * all;
      t.true(close(after[code * 5 + c]!, sum / smooth));
    }
  }
  const used = runtime.noGrad(() => model.forward(x, { training: false }).codes);
  t.deepEqual(model.parameters.get('codebook').toArray(), after);
  t.is(used.length, 16);
});

test('dead codes are restarted', (t) => {
  const far = vqVAE({ codebookInit: 1000, restartDeadCodes: true, decay: 0.1 });
  const used = () => new Set(runtime.noGrad(() => far.forward(images(32), { training: true })).codes).size;
  const first = used();
  for (let i = 0; i < 10; i++) used();
  t.true(used() > first);
});

test('startAt moves the codes to the latent vectors', (t) => {
  const model = vqVAE({ codebookInit: 10 });
  const distance = () =>
    runtime.noGrad(() => {
      const { loss, error } = model.forward(images(32), { training: false });
      return loss.item() - error.item();
    });
  const before = distance();
  model.startAt(images(32), new Random(runtime, 2));
  t.true(distance() < 0.1 * before, `from ${before} to ${distance()}`);
  t.throws(() => model.startAt(images(2), new Random(runtime, 2)), {
    message: /^VQVAE\.startAt: images must have at least 9 latent vectors, got 8$/,
  });
});

test('k-means finds the means of far clusters', (t) => {
  const random = seeded(4);
  const data = Float32Array.from({ length: 60 * 2 }, (_, i) => 50 * (Math.floor(i / 2) % 3) + random());
  const rows = { shape: [60, 2], data };
  const centers = kMeans(runtime, rows, 3, new Random(runtime, 5));
  t.deepEqual(kMeans(runtime, runtime.tensor(data, [60, 2]), 3, new Random(runtime, 5)), centers);
  const sorted = [...centers].sort((a, b) => a - b);
  for (const [i, value] of sorted.entries()) t.true(Math.abs(value - 50 * Math.floor(i / 2) - 0.5) < 0.3, `${sorted}`);
});

test('a Gaussian VAE learns and generates', (t) => {
  const model = new GaussianVAE(runtime, { ...small, random: new Random(runtime, 1), variance: 0.1, klWeight: 0.01 });
  const optimizer = new Adam(model.parameters, { lr: 1e-2 });
  const errors = Array.from({ length: 60 }, () =>
    runtime.step(() => {
      const { loss, error } = model.forward(images(16), { training: true });
      loss.backward();
      optimizer.step();
      optimizer.zeroGrad();
      return error.item();
    }),
  );
  t.true(errors.at(-1)! < 0.6 * errors[0]!, `from ${errors[0]} to ${errors.at(-1)}`);
  runtime.noGrad(() => {
    const drawn = model.sample(3, 8, 12);
    t.deepEqual(drawn.shape, [3, 3, 8, 12]);
    t.true(drawn.toArray().every((value) => value > 0 && value < 1));
    const again = () => model.forward(images(2), { training: false }).images.toArray();
    t.deepEqual(again(), again());
  });
});

test('the loss of a Gaussian VAE contains twice the KL divergence per pixel', (t) => {
  const options = { ...small, random: new Random(runtime, 1) };
  const [without, once] = [0, 1].map((klWeight) => new GaussianVAE(runtime, { ...options, klWeight })) as [
    GaussianVAE,
    GaussianVAE,
  ];
  once.parameters.loadStateDict(without.parameters.stateDict());
  for (const { parameters } of [without, once]) {
    // The encoder's last layer says mean 0.5 and log variance -1 everywhere.
    parameters.get('encoder.conv_4.weight').set(new Float32Array(2 * 5 * 8));
    parameters.get('encoder.conv_4.bias').set([...new Array(5).fill(0.5), ...new Array(5).fill(-1)]);
  }
  const loss = (model: GaussianVAE) => runtime.noGrad(() => model.forward(images(4), { training: false }).loss.item());
  // 5 numbers at 4 places for 3 · 64 pixels; the error counts twice its half, and so does the divergence.
  const expected = ((0.25 + Math.exp(-1) + 1 - 1) * 5 * 4) / (3 * 64);
  t.true(close(loss(once) - loss(without), expected));
});

test('invalid options throw one sentence', (t) => {
  const wrong: [() => unknown, RegExp][] = [
    [() => memoryVAE({ memorySize: 0 }), /^MemoryVAE: memorySize must be an integer ≥ 1, got 0$/],
    [() => memoryVAE({ wide: 0.5 }), /^MemoryVAE: wide must be an integer/],
    [() => memoryVAE({ strength: -1 }), /^MemoryVAE: strength must be positive if it is learned, got -1$/],
    [() => memoryVAE({ strength: 0, learnStrength: false }), /^MemoryVAE: strength must not be 0, got 0$/],
    [() => memoryVAE({ similarity: 'far' as 'l2' }), /^MemoryVAE: similarity must be 'dot', 'l2' or 'cosine'/],
    [() => memoryVAE({ variance: 0 }), /^MemoryVAE: variance must be a finite number/],
    [() => vqVAE({ decay: 1 }), /^VQVAE: decay must be a finite number in/],
    [() => vqVAE({ update: 'never' as 'average' }), /^VQVAE: update must be 'gradient' or 'average'/],
    [() => vqVAE({ codebookSize: 0 }), /^VQVAE: codebookSize must be an integer/],
  ];
  for (const [make, message] of wrong) t.throws(make, { instanceOf: RangeError, message });
});

test('images of the wrong shape throw one sentence', (t) => {
  const random = new Random(runtime, 1);
  const models = { memory: memoryVAE(), vq: vqVAE(), gaussian: new GaussianVAE(runtime, { ...small, random }) };
  const wrong: [number[], RegExp][] = [
    [[2, 1, 8, 8], /^\w+VAE\.forward: images must have 3 channels, got shape \[2, 1, 8, 8\]$/],
    [[3, 8, 8], /^\w+VAE\.forward: images must have shape \[N, C, H, W\], got shape \[3, 8, 8\]$/],
    [[2, 3, 8, 6], /images must have a height and a width that are multiples of 4, got shape \[2, 3, 8, 6\]$/],
    [[2, 3, 7, 8], /images must have a height and a width that are multiples of 4, got shape \[2, 3, 7, 8\]$/],
    [[2, 3, 0, 8], /^\w+VAE\.forward: images must hold at least one pixel, got \[2, 3, 0, 8\]$/],
    [[0, 3, 8, 8], /^\w+VAE\.forward: images must hold at least one pixel, got \[0, 3, 8, 8\]$/],
  ];
  for (const [shape, message] of wrong) {
    for (const model of Object.values(models)) {
      runtime.noGrad(() => {
        const x = runtime.tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape);
        t.throws(() => model.forward(x, { training: false }), { instanceOf: RangeError, message });
      });
    }
  }
  t.throws(() => models.gaussian.sample(1, 8, 10), {
    message: 'GaussianVAE.sample: width must be a multiple of 4, got 10',
  });
});
