// The curriculum of the copy task: sequences grow longer while training begins.

export interface Curriculum {
  /** Maximum length at the start of training. */
  readonly firstLength: number;
  /** Number of sequences over which the maximum length grows linearly to the task's. */
  readonly growth: number;
}

export const curriculum: Curriculum = { firstLength: 3, growth: 3000 };

/** Maximum length after `seen` sequences; `maxLength` is the task's own. */
export function longestAfter(seen: number, maxLength: number, { firstLength, growth }: Curriculum): number {
  return Math.min(maxLength, Math.round(firstLength + ((maxLength - firstLength) * seen) / growth));
}
