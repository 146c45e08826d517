// Safetensors files, the checkpoint format of PyTorch's users.
export type { Dtype, Safetensors, SafetensorsEntry, SafetensorsInput } from './dtype.js';
export { readSafetensors } from './read-safetensors.js';
export { writeSafetensors } from './write-safetensors.js';
