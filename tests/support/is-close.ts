// Comparison of gradients that may differ by rounding: one may be written in place where another is added.

/** Whether all elements differ by at most `tolerance` times the largest of `b`. */
export function isClose(a: ArrayLike<number>, b: ArrayLike<number>, tolerance = 2e-6): boolean {
  const scale = Array.from(b).reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-30);
  return a.length === b.length && Array.from(b).every((value, i) => Math.abs(a[i]! - value) <= tolerance * scale);
}
