// Files that a user of the playground chooses or drops.
import type { Page } from 'playwright-core';

export interface BroughtFile {
  readonly name: string;
  readonly buffer: Buffer;
}

/** An IDX file of unsigned bytes with the elements `value(i)`. */
export function idx(shape: readonly number[], value: (i: number) => number): Buffer {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const header = Buffer.from([0, 0, 8, shape.length, ...shape.flatMap((dim) => [0, 0, dim >> 8, dim & 255])]);
  return Buffer.concat([header, Buffer.from(Array.from({ length: size }, (_, i) => value(i)))]);
}

/** Drops files on the page. */
export async function drop(page: Page, ...files: BroughtFile[]): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    (files) => {
      const transfer = new DataTransfer();
      for (const { name, bytes } of files) transfer.items.add(new File([Uint8Array.from(bytes)], name));
      return transfer;
    },
    files.map(({ name, buffer }) => ({ name, bytes: [...buffer] })),
  );
  await page.dispatchEvent('main', 'drop', { dataTransfer });
}

/** Chooses files in the file input of the page. */
export async function choose(page: Page, ...files: BroughtFile[]): Promise<void> {
  const mimeType = 'application/octet-stream';
  await page.setInputFiles(
    '#images',
    files.map((file) => ({ ...file, mimeType })),
  );
}
