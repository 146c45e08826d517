// The commands that a page of documentation names, and whether they exist.
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { codeBlocks } from './markdown.js';

/** What npm does without a script. */
const npmItself = /^(ci|cit|install|pack)$/;

/** What is wrong with the commands of a page: those in sh blocks, and every `npm …` of the text. */
export function wrongCommands(root: string, path: string, page: string): string[] {
  const shell = codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ line, lines }) =>
      lines.flatMap((text, i) => commandsOf(text).map((words) => ({ words, at: line + i }))),
    );
  const inline = page
    .split('\n')
    .flatMap((text, i) =>
      [...text.matchAll(/`(npm [^`]+)`/g)]
        .flatMap(([, command = '']) => commandsOf(command))
        .map((words) => ({ words, at: i + 1 })),
    );
  return [...shell, ...inline].flatMap(({ words, at }) => {
    const wrong = wrongWith(root, words);
    return wrong === undefined ? [] : [`${path}:${at}: ${words.join(' ')}: ${wrong}`];
  });
}

/** The commands of a line, each as its words. */
function commandsOf(line: string): string[][] {
  return line
    .replace(/(^|\s)#.*$/, '')
    .split(/\s(?:&&|\|\|?)\s|;\s/)
    .map((command) => command.trim().split(/\s+/))
    .filter(([first]) => first !== '');
}

function wrongWith(root: string, [program = '', ...words]: readonly string[]): string | undefined {
  if (program === 'npm') return wrongWithNpm(root, words);
  if (program === 'npx')
    return existsSync(join(root, 'node_modules/.bin', words[0] ?? '')) ? undefined : 'not installed';
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program))) ? undefined : 'no such program';
}

function wrongWithNpm(root: string, [verb = '', ...words]: readonly string[]): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const name = verb === 'run' ? (words[0] ?? '') : verb;
  if (!(name in scripts) && (verb === 'run' || !npmItself.test(verb))) return 'no such script';
  const program = words[2];
  if (name !== 'reproduce' || program === undefined || !/^[a-z]/.test(program)) return undefined;
  return existsSync(join(root, 'reproduce', program, 'index.ts')) ? undefined : 'no such program of reproduce/';
}
