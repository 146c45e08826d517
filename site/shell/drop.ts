// Files that a visitor chooses, or lets fall anywhere on the page.

/** Hands over the files that `input` is given, and those dropped. */
export function takeFiles(input: HTMLInputElement, use: (files: File[]) => void): void {
  input.addEventListener('change', () => {
    use([...(input.files ?? [])]);
    // So that the same files can be chosen again.
    input.value = '';
  });
  // Else the browser would leave the page to show the file.
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    use([...(event.dataTransfer?.files ?? [])]);
  });
}
