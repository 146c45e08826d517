// Every op by name; the test cases and the benches are keyed by this module's exports.
export { softmax } from './softmax.js';
