// Recognises files that users take for safetensors files.

const CONVERT = 'convert it in Python with safetensors.torch.save_file';

/** What a file is by its first bytes, and what to do. */
const SIGNATURES: readonly (readonly [start: readonly number[], what: string])[] = [
  [ascii('PK\x03\x04'), `a zip archive, as torch.save writes; ${CONVERT}`],
  ...[2, 3, 4, 5].map((protocol) => [[0x80, protocol], `a Python pickle; ${CONVERT}`] as const),
  [[0x1f, 0x8b, 8], 'gzip data; decompress it first'],
  [ascii('GGUF'), 'a GGUF file; export the model as safetensors'],
  [[0x93, ...ascii('NUMPY')], 'a NumPy array; convert it in Python with safetensors.numpy.save_file'],
  [[0x89, ...ascii('HDF')], 'an HDF5 file, as Keras writes; convert it in Python with safetensors.numpy.save_file'],
  [ascii('version https://git-lfs'), 'a Git LFS pointer; fetch the file itself with git lfs pull'],
];

/**
 * Names the format of a file that is no safetensors file.
 *
 * @internal
 * @param file The file.
 * @returns A noun phrase, with advice; undefined for an unknown format.
 */
export function foreignFormat(file: Uint8Array): string | undefined {
  // The third byte of a small header's size is 0, and no signature has a 0 there.
  const found = file[2] !== 0 && SIGNATURES.find(([start]) => start.every((byte, i) => file[i] === byte));
  if (found) return found[1];
  const text = new TextDecoder().decode(file.subarray(0, 64)).trimStart();
  if (/^<(!doctype html|html|head|body)/i.test(text)) return 'an HTML page; check the URL it came from';
  if (/^<[?!a-z]/i.test(text)) return 'an XML text; check the URL it came from';
  if (/^(\{\s*["}]|\[\s*["[{\]\d])/.test(text)) return 'a JSON text, perhaps an index of several files';
  return undefined;
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}
