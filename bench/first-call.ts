// A process that loads the kernels, calls one, and prints how many milliseconds after `load()` it has the result.
import { load, softmax } from 'tapehead';

const start = performance.now();
const runtime = await load();
runtime.step(() => softmax(runtime.tensor([1, 2])).toArray());
console.log(performance.now() - start);
