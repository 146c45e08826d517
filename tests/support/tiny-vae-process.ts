// A process that trains the small models for `updates` updates, leaving its checkpoint at `path`: for tests that end it early.
import { trainWithProgress } from '../../reproduce/vae-training/run.js';
import { tinySettings, tinyTraining } from './tiny-vae-training.js';

const [path = '', updates] = process.argv.slice(2);
await trainWithProgress(await tinyTraining(1, { ...tinySettings, updates: Number(updates) }), path);
