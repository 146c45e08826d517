// Calibration of class probabilities: accuracy, Brier score, reliability bins, expected calibration error.

/** Images whose confidence lies in one interval. */
export interface Bin {
  readonly count: number;
  /** Mean confidence: the largest probability of an image. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  readonly accuracy: number;
  /** Brier score: mean of Σ (probability − one-hot)². */
  readonly brier: number;
  /** Expected calibration error: mean of |confidence − accuracy| over all images (Naeini et al. 2015). */
  readonly expectedError: number;
  /** Non-empty bins of equal width. */
  readonly bins: readonly Bin[];
}

/** Computes the calibration of `probabilities` [N, classes], whose rows sum to 1, for `labels` [N]. */
export function calibration(probabilities: Float32Array, labels: Uint8Array, binCount = 15): Calibration {
  const classes = probabilities.length / labels.length;
  const bins = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, correct: 0 }));
  let brier = 0;
  for (const [i, label] of labels.entries()) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    const confidence = Math.max(...row);
    const bin = bins[Math.min(binCount - 1, Math.floor(confidence * binCount))] as (typeof bins)[0];
    bin.count++;
    bin.confidence += confidence;
    bin.correct += Number(row.indexOf(confidence) === label);
    for (const [j, probability] of row.entries()) brier += (probability - Number(j === label)) ** 2;
  }
  const mean = (of: (bin: (typeof bins)[0]) => number) => bins.reduce((sum, bin) => sum + of(bin), 0) / labels.length;
  return {
    accuracy: mean(({ correct }) => correct),
    brier: brier / labels.length,
    expectedError: mean(({ confidence, correct }) => Math.abs(confidence - correct)),
    bins: bins
      .filter(({ count }) => count > 0)
      .map(({ count, confidence, correct }) => ({ count, confidence: confidence / count, accuracy: correct / count })),
  };
}

/**
 * Normalises reads [N, classes] to probabilities: ridge values sum to almost 1 but may be negative, so reads are
 * clamped at 0 and rescaled.
 */
export function normalizeReads(read: Float32Array, classes: number): Float32Array {
  const probabilities = read.map((value) => Math.max(0, value));
  for (let from = 0; from < probabilities.length; from += classes) {
    const row = probabilities.subarray(from, from + classes);
    const sum = row.reduce((total, value) => total + value, 0);
    for (const [i, value] of row.entries()) row[i] = value / sum;
  }
  return probabilities;
}
