// A process that trains the small models for `updates` updates, leaving its checkpoint at `path`: for tests that end it early.
import { trainWithProgress } from '../reproduce/memory-vae/run.js';
import { tinySettings, tinyTraining } from './tiny-training.js';

const [path = '', updates] = process.argv.slice(2);
await trainWithProgress(await tinyTraining(1, { ...tinySettings, updates: Number(updates) }), path);
