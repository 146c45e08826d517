// Checks that the commands in a page of documentation exist.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { codeBlocks } from './markdown.js';

/** Commands of npm that need no script. */
const npmCommands = /^(audit|ci|cit|install|pack|version)$/;

/** Problems with the commands of a page: those in sh blocks and every inline `npm …`. */
export function wrongCommands(root: string, path: string, page: string): string[] {
  const shell = codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ line, lines }) =>
      lines.flatMap((text, i) => commandsOf(text).map((words) => ({ words, line: line + i }))),
    );
  const inline = page
    .split('\n')
    .flatMap((text, i) =>
      [...text.matchAll(/`(npm [^`]+)`/g)]
        .flatMap(([, command = '']) => commandsOf(command))
        .map((words) => ({ words, line: i + 1 })),
    );
  return [...shell, ...inline].flatMap(({ words, line }) => {
    const problem = problemOf(root, words);
    return problem === undefined ? [] : [`${path}:${line}: ${words.join(' ')}: ${problem}`];
  });
}

/** The commands in a line, each split into words. */
function commandsOf(line: string): string[][] {
  return line
    .replace(/(^|\s)#.*$/, '')
    .split(/\s(?:&&|\|\|?)\s|;\s/)
    .map((command) => command.trim().split(/\s+/))
    .filter(([first]) => first !== '');
}

function problemOf(root: string, [program = '', ...words]: readonly string[]): string | undefined {
  if (program === 'npm') return npmProblemOf(root, words);
  if (program === 'npx')
    return existsSync(join(root, 'node_modules/.bin', words[0] ?? '')) ? undefined : 'not installed';
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program))) ? undefined : 'no such program';
}

function npmProblemOf(root: string, [verb = '', ...words]: readonly string[]): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const name = verb === 'run' ? (words[0] ?? '') : verb;
  if (!(name in scripts) && (verb === 'run' || !npmCommands.test(verb))) return 'no such script in package.json';
  const program = words[2];
  if (name !== 'reproduce' || program === undefined || !/^[a-z]/.test(program)) return undefined;
  return existsSync(join(root, 'reproduce', program, 'index.ts')) ? undefined : 'no such program in reproduce/';
}
