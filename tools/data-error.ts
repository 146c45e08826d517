// Errors that the user can fix.

/** An error about data or files. Programs print its message without a stack trace. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
