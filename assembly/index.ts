// The wasm ABI: every exported kernel, nothing else.
export { softmax, softmaxBackward } from './softmax';
