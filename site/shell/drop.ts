// Files that the user chooses or drops anywhere on the page.

/** Calls `use` with the files chosen by `input` and those dropped on the page. */
export function takeFiles(input: HTMLInputElement, use: (files: File[]) => void): void {
  input.addEventListener('change', () => {
    use([...(input.files ?? [])]);
    // Lets the user choose the same files again.
    input.value = '';
  });
  // Otherwise the browser leaves the page and opens the file.
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    use([...(event.dataTransfer?.files ?? [])]);
  });
}
