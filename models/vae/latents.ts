// Latent maps as rows of vectors, and back.

import { reshape, transpose } from '../../bindings/ops/shaping.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** `z: [N, D, h, w] → [N·h·w, D]`: a row a place. */
export function rowsOfMap(z: Tensor): Tensor {
  expectShape('rowsOfMap', 'z', z, -1, -1, -1, -1);
  const [images, width, height, columns] = z.shape as [number, number, number, number];
  const places = height * columns;
  return reshape(transpose(reshape(z, [images, width, places])), [images * places, width]);
}

/** `rows: [N·h·w, D] → [N, D, h, w]`, the shape of `like`. */
export function mapOfRows(rows: Tensor, like: Tensor): Tensor {
  const [images, width, height, columns] = like.shape as [number, number, number, number];
  return reshape(transpose(reshape(rows, [images, height * columns, width])), like.shape);
}
