// A process that trains the tiny models for `updates` updates with a checkpoint at `path`; tests kill or interrupt it.
import { trainWithProgress } from '../../reproduce/vae-training/run.js';
import { tinySettings, tinyTraining } from './tiny-vae-training.js';

const [path = '', updates] = process.argv.slice(2);
await trainWithProgress(await tinyTraining(1, { ...tinySettings, updates: Number(updates) }), path);
