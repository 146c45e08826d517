// Paths that a user gives on the command line.
import { resolve } from 'node:path';

/**
 * Resolves a path of the command line against the folder in which the user called npm, which runs scripts in the
 * package's folder.
 */
export function userPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}
