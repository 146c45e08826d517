// The code of a page as one module: blocks one after the other, every line on the page's own line.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { codeBlocks } from './markdown.js';

const run = promisify(execFile);
const LONGEST_MS = 120_000;

/** What the compiler asks of a page: all that `tsc --init` and a careful user would. */
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  inlineSourceMap: true,
};

/** The ts and js blocks as one module. A name that is imported again is imported under another name. */
export function moduleOf(page: string): string {
  const lines = page.split('\n').map(() => '');
  for (const { language, line, lines: code } of codeBlocks(page)) {
    if (language === 'ts' || language === 'js') for (const [i, text] of code.entries()) lines[line - 1 + i] = text;
  }
  const source = lines.join('\n');
  const seen = new Set<string>();
  const again: number[] = [];
  for (const statement of ts.createSourceFile('page.ts', source, ts.ScriptTarget.ES2022).statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const names = statement.importClause?.namedBindings;
    for (const name of names !== undefined && ts.isNamedImports(names) ? names.elements : []) {
      if (seen.has(name.name.text)) again.push(name.end);
      seen.add(name.name.text);
    }
  }
  return again.reduceRight((text, at) => `${text.slice(0, at)} as again${at}${text.slice(at)}`, source);
}

/** Pages of the package at `root`, as modules in a folder of their own that has the package installed. */
export class Pages {
  /** The folder, for the caller to remove. */
  readonly dir = mkdtempSync(join(tmpdir(), 'tapehead-docs-'));
  /** What the compiler says, a sentence each, with page and line. */
  readonly complaints: readonly string[];

  /** Writes the modules and has them compiled together. */
  constructor(root: string, pages: ReadonlyMap<string, string>) {
    mkdirSync(join(this.dir, 'node_modules'));
    symlinkSync(root, join(this.dir, 'node_modules/tapehead'));
    writeFileSync(join(this.dir, 'package.json'), '{ "type": "module" }');
    const files = [...pages].map(([path, page]) => {
      const file = this.#file(path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, moduleOf(page));
      return file;
    });
    const program = ts.createProgram(files, { ...options, typeRoots: [join(root, 'node_modules/@types')] });
    const { diagnostics } = program.emit();
    this.complaints = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map((found) => this.#sentence(found));
  }

  /** Runs the page at `path` and returns what it prints. Throws an Error with page and line where it fails. */
  async run(path: string): Promise<string[]> {
    const compiled = this.#file(path).replace(/ts$/, 'js');
    try {
      const settings = { cwd: this.dir, timeout: LONGEST_MS };
      const { stdout } = await run(process.execPath, ['--enable-source-maps', compiled], settings);
      return stdout.split('\n');
    } catch (error) {
      throw new Error(this.#asPage(`${(error as { stderr?: string }).stderr || error}`));
    }
  }

  #file(path: string): string {
    return join(this.dir, path.replace(/md$/, 'ts'));
  }

  #sentence({ file, start = 0, messageText }: ts.Diagnostic): string {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (file === undefined) return text;
    return this.#asPage(`${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${text}`);
  }

  /** Names pages instead of the files made from them. */
  #asPage(text: string): string {
    return text.replaceAll(`${this.dir}/`, '').replaceAll(/\.ts:(\d)/g, '.md:$1');
  }
}
