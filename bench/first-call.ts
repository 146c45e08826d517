// A process that prints the time in ms from `load()` to the result of the first kernel.
import { load, softmax } from 'tapehead';

const start = performance.now();
const runtime = await load();
runtime.step(() => softmax(runtime.tensor([1, 2])).toArray());
console.log(performance.now() - start);
