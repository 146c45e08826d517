// The banks that can be read from: what stands where the learned bank holds y.

export interface Bank {
  readonly label: string;
  /** What x² becomes. */
  readonly value: (y: number) => number;
}

/** The first is the one that is learned with. */
export const banks = {
  square: { label: 'x², as learned', value: (y) => y },
  double: { label: '2x², every number doubled', value: (y) => 2 * y },
  flipped: { label: '1 − x², every number taken from one', value: (y) => 1 - y },
  root: { label: '|x|, the root of every number', value: Math.sqrt },
} satisfies Record<string, Bank>;

export type BankName = keyof typeof banks;
