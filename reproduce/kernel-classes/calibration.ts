// Whether densities over classes can be believed: accuracy, Brier score, reliability, expected calibration error.

/** Images whose largest density lies in one range. */
export interface Bin {
  readonly count: number;
  /** Mean of the largest densities. */
  readonly confidence: number;
  /** Share of them classified rightly. */
  readonly accuracy: number;
}

export interface Calibration {
  /** Share of largest densities on the true class. */
  readonly accuracy: number;
  /** Mean of Σ (density − one-hot)². */
  readonly brier: number;
  /** Mean of |confidence − accuracy| over all images (Naeini et al. 2015). */
  readonly expectedError: number;
  /** Ranges of equal width, the empty ones left out. */
  readonly bins: readonly Bin[];
}

/** `densities`: [N, classes], each row adding up to 1; `labels`: [N]. */
export function calibration(densities: Float32Array, labels: Uint8Array, ranges = 15): Calibration {
  const classes = densities.length / labels.length;
  const sums = Array.from({ length: ranges }, () => ({ count: 0, confidence: 0, right: 0 }));
  let brier = 0;
  for (const [i, label] of labels.entries()) {
    const row = densities.subarray(i * classes, (i + 1) * classes);
    const confidence = Math.max(...row);
    const sum = sums[Math.min(ranges - 1, Math.floor(confidence * ranges))] as (typeof sums)[0];
    sum.count++;
    sum.confidence += confidence;
    sum.right += Number(row.indexOf(confidence) === label);
    for (const [j, density] of row.entries()) brier += (density - Number(j === label)) ** 2;
  }
  const total = (pick: (sum: (typeof sums)[0]) => number) =>
    sums.reduce((all, sum) => all + pick(sum), 0) / labels.length;
  return {
    accuracy: total(({ right }) => right),
    brier: brier / labels.length,
    expectedError: total(({ confidence, right }) => Math.abs(confidence - right)),
    bins: sums
      .filter(({ count }) => count > 0)
      .map(({ count, confidence, right }) => ({ count, confidence: confidence / count, accuracy: right / count })),
  };
}

/**
 * Densities from what was read, [N, classes]: a read of ridge values adds up to nearly 1 but may leave [0, 1], so what is
 * below 0 counts as 0, and the row is divided by its sum.
 */
export function densitiesOf(read: Float32Array, classes: number): Float32Array {
  const densities = read.map((value) => Math.max(0, value));
  for (let from = 0; from < densities.length; from += classes) {
    const row = densities.subarray(from, from + classes);
    const sum = row.reduce((all, value) => all + value, 0);
    for (const [i, value] of row.entries()) row[i] = value / sum;
  }
  return densities;
}
