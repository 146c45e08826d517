// Bit for bit: what a training comes to is written down, and this engine is held to it.
import test from 'ava';
import { load } from 'tapehead';
import { modelNames, trainedHash } from './support/model-trainings.js';
import { STEPS, trainedHashes } from './support/trained-hashes.js';

for (const model of modelNames) {
  test.serial(`${model}: ${STEPS} steps come to the weights that are written down`, async (t) => {
    const runtime = await load({ variant: 'simd' });
    t.is(await trainedHash(model, runtime, STEPS), trainedHashes[model]);
    runtime.close();
  });
}
