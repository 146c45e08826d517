// Examples in docstrings: each fenced ts block becomes a page, at its line numbers in the source file.
import { join } from 'node:path';
import ts from 'typescript';
import { codeBlocks } from './markdown.js';
import { Pages } from './page-module.js';
import { runModules } from './run-modules.js';

/** The ts block of a docstring. */
export interface Example {
  /** Path of the source file, from the repository's root. */
  readonly path: string;
  /** Line of the source file, counted from 1, that holds the first line of code. */
  readonly line: number;
  /** Name of the documented declaration: `matmul`, `NTM.forward`. */
  readonly name: string;
  /** A Markdown page with this block only. */
  readonly page: string;
}

/** Returns all examples of a source file. Throws an Error for an `@example` without a ts block. */
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

/** A line of a docstring without its comment markers. */
function withoutStar(line: string): string {
  return line.replace(/^\s*(\/\*)?\* ?/, '').replace(/\*\/$/, '');
}

/** The name of a declaration, qualified by its class or interface. */
function nameOf(node: ts.Node): string {
  const { name } = node as { name?: ts.Node };
  const [variable] = ts.isVariableStatement(node) ? node.declarationList.declarations : [];
  const own = ts.isConstructorDeclaration(node) ? 'constructor' : ((name ?? variable?.name)?.getText() ?? 'unnamed');
  return node.parent === undefined || ts.isSourceFile(node.parent) ? own : `${nameOf(node.parent)}.${own}`;
}

/** Examples as strict modules, compiled together in a temporary folder in which the package is installed. */
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

  /** Runs all examples and returns the failures by `path:line`. */
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

/** Describes the first documented output (`console.log(…); // → text`) that was not printed in order, if any. */
function missingOutput(page: string, printed: readonly string[]): string | undefined {
  let from = 0;
  for (const [, text = ''] of page.matchAll(/console\.log\(.*\/\/ → (.*)$/gm)) {
    const index = printed.indexOf(text, from);
    if (index === -1) return `should print "${text}", printed\n${printed.slice(from).join('\n')}`;
    from = index + 1;
  }
  return undefined;
}

/** Path of the page of an example. */
function pageOf({ path, line }: Example): string {
  return `${path.replace(/\.ts$/, '')}-${line}.md`;
}

/** Replaces the names of pages and generated modules by those of the source files. */
function withSourceNames(text: string): string {
  return text.replaceAll(/-\d+\.(?:md|ts):(\d)/g, '.ts:$1');
}
