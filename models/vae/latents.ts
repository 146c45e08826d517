// Conversion between latent maps and rows of latent vectors.

import { reshape, transpose } from '../../bindings/ops/shaping.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** `z: [N, D, h, w] → [N·h·w, D]`: one row per position. */
export function rowsOfMap(z: Tensor): Tensor {
  const [images, width, height, columns] = z.shape as [number, number, number, number];
  const positions = height * columns;
  return reshape(transpose(reshape(z, [images, width, positions])), [images * positions, width]);
}

/** `rows: [N·h·w, D] → [N, D, h, w]`, the shape of `like`. */
export function mapOfRows(rows: Tensor, like: Tensor): Tensor {
  const [images, width, height, columns] = like.shape as [number, number, number, number];
  return reshape(transpose(reshape(rows, [images, height * columns, width])), like.shape);
}
