// The examples of docstrings: every fenced ts block as a page of its own, on the lines of its source file.
import { join } from 'node:path';
import ts from 'typescript';
import { codeBlocks } from './markdown.js';
import { Pages } from './page-module.js';
import { runModules } from './run-modules.js';

/** The ts block of a docstring. */
export interface Example {
  /** Path of the source file, from the repository's root. */
  readonly path: string;
  /** The line of the source file that the block starts on, from 1. */
  readonly line: number;
  /** What the docstring documents: `matmul`, `NTM.forward`. */
  readonly name: string;
  /** A page of Markdown with this block alone. */
  readonly page: string;
}

/** All examples of a source file. Throws an Error for an `@example` without a ts block. */
export function examplesOf(path: string, source: string): Example[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ES2022, true);
  const found: Example[] = [];
  const visit = (node: ts.Node): void => {
    for (const comment of ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)) {
      if (comment.parent === node) found.push(...examplesIn(file, comment, nameOf(node)));
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

function examplesIn(file: ts.SourceFile, comment: ts.JSDoc, name: string): Example[] {
  const lines = comment.getFullText(file).split('\n').map(withoutStar);
  const first = file.getLineAndCharacterOfPosition(comment.pos).line;
  const blocks = codeBlocks(lines.join('\n')).filter(({ language }) => language === 'ts');
  const tags = (comment.tags ?? []).filter(({ tagName }) => tagName.text === 'example');
  if (blocks.length < tags.length) throw new Error(`${file.fileName}:${first + 1}: @example of ${name}: no ts block`);
  return blocks.map((block) => {
    const line = first + block.line;
    const page = '\n'.repeat(line - 2) + ['```ts', ...block.lines, '```'].join('\n');
    return { path: file.fileName, line, name, page };
  });
}

/** A line of a docstring without what makes it a comment. */
function withoutStar(line: string): string {
  return line.replace(/^\s*(\/\*)?\* ?/, '').replace(/\*\/$/, '');
}

/** The name of a declaration, after those of what it is declared in. */
function nameOf(node: ts.Node): string {
  const { name } = node as { name?: ts.Node };
  const [variable] = ts.isVariableStatement(node) ? node.declarationList.declarations : [];
  const own = ts.isConstructorDeclaration(node) ? 'constructor' : ((name ?? variable?.name)?.getText() ?? 'unnamed');
  return node.parent === undefined || ts.isSourceFile(node.parent) ? own : `${nameOf(node.parent)}.${own}`;
}

/** Examples compiled together as strict modules, in a temporary folder in which the package is installed. */
export class CompiledExamples {
  readonly #examples: readonly Example[];
  readonly #pages: Pages;

  constructor(root: string, examples: readonly Example[]) {
    this.#examples = examples;
    this.#pages = new Pages(root, new Map(examples.map((example) => [pageOf(example), example.page])));
  }

  /** The temporary folder; the caller removes it. */
  get dir(): string {
    return this.#pages.dir;
  }

  /** Compiler errors, each with source file and line. */
  get problems(): string[] {
    return this.#pages.complaints.map(withSourceNames);
  }

  /** Runs all examples and returns why each one that fails does, by `path:line`. */
  async run(limitMs = 10_000): Promise<Map<string, string>> {
    const files = this.#examples.map((example) => join(this.dir, pageOf(example).replace(/md$/, 'js')));
    const outcomes = await runModules(files, this.dir, limitMs);
    const failures = new Map<string, string>();
    for (const [i, { path, line, page }] of this.#examples.entries()) {
      const { printed = [], error } = outcomes[i] ?? {};
      const failure = error?.replaceAll(`${this.dir}/`, '') ?? missingOutput(page, printed);
      if (failure !== undefined) failures.set(`${path}:${line}`, withSourceNames(failure));
    }
    return failures;
  }
}

/** What a page says that it prints (`console.log(…); // → text`) and does not print, in this order. */
function missingOutput(page: string, printed: readonly string[]): string | undefined {
  let from = 0;
  for (const [, text = ''] of page.matchAll(/console\.log\(.*\/\/ → (.*)$/gm)) {
    const index = printed.indexOf(text, from);
    if (index === -1) return `should print "${text}", printed\n${printed.slice(from).join('\n')}`;
    from = index + 1;
  }
  return undefined;
}

/** The page of an example: its source file and line as a path. */
function pageOf({ path, line }: Example): string {
  return `${path.replace(/\.ts$/, '')}-${line}.md`;
}

/** Replaces the names of pages and of the modules made from them by those of the source files. */
function withSourceNames(text: string): string {
  return text.replaceAll(/-\d+\.(?:md|ts):(\d)/g, '.ts:$1');
}
