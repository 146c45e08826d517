// What the user can put right about data: shown as one sentence, without a stack.
export class DataError extends Error {
  override readonly name = 'DataError';
}
