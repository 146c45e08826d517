// The pages of the playground, one folder each, in the order of the navigation.

export interface Page {
  /** Folder of the page. */
  readonly folder: string;
  readonly title: string;
  readonly summary: string;
}

export const pages: readonly Page[] = [
  {
    folder: 'ntm',
    title: 'Neural Turing Machine',
    summary: 'An LSTM with an external memory learns to copy sequences. Watch where it writes and reads.',
  },
  {
    folder: 'gumbel',
    title: 'Gumbel memory',
    summary: 'A network learns which number of a bank to read. Swap the bank, and it computes another function.',
  },
  {
    folder: 'kernel',
    title: 'Kernel memory',
    summary: 'A key-value memory completes images from a few pixels. Choose the pixels, or bring your own images.',
  },
  {
    folder: 'vae',
    title: 'Memory VAE',
    summary: 'An auto-encoder with a memory as its bottleneck, next to a VQ-VAE. Train both on your own pictures.',
  },
];
