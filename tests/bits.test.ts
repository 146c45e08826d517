// Bitwise reproducibility: on every engine, training gives the recorded weights.
import test from 'ava';
import { load } from 'tapehead';
import { modelNames, trainedHash } from './support/model-trainings.js';
import { STEPS, trainedHashes } from './support/trained-hashes.js';

for (const model of modelNames) {
  test.serial(`${model}: ${STEPS} training steps give the recorded weights`, async (t) => {
    const runtime = await load({ variant: 'simd' });
    t.is(await trainedHash(model, runtime, STEPS), trainedHashes[model]);
    runtime.close();
  });
}
