// The banks to read from, as functions of the values in the training bank.

export interface Bank {
  readonly label: string;
  /** Maps a value y = x² of the training bank. */
  readonly value: (y: number) => number;
}

/** Training uses the first bank. */
export const banks = {
  square: { label: 'x² (training)', value: (y) => y },
  double: { label: '2x² (every value doubled)', value: (y) => 2 * y },
  flipped: { label: '1 − x² (1 minus every value)', value: (y) => 1 - y },
  root: { label: '|x| (square root of every value)', value: Math.sqrt },
} satisfies Record<string, Bank>;

export type BankName = keyof typeof banks;
