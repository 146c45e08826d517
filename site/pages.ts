// The pages of the playground: a folder each, in the order in which they are listed.

export interface Page {
  /** The page's folder. */
  readonly folder: string;
  readonly title: string;
  readonly summary: string;
}

export const pages: readonly Page[] = [
  {
    folder: 'ntm',
    title: 'Neural Turing Machine',
    summary: 'A controller with a memory beside it learns to copy sequences, and shows where it writes and reads.',
  },
  {
    folder: 'gumbel',
    title: 'Gumbel memory',
    summary: 'A network learns which of a few numbers to read. Swap the numbers, and it reads another function.',
  },
  {
    folder: 'kernel',
    title: 'Kernel memory',
    summary:
      'Whole images recalled from a few of their pixels, by memories of 8 to 256 keys, from shapes or images of yours.',
  },
  {
    folder: 'vae',
    title: 'Memory VAE',
    summary:
      'Pictures rebuilt from what is read in a memory, beside a VQ-VAE that learns from the same crops; yours, too.',
  },
];
