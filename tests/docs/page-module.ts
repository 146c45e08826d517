// Turns the code blocks of a page into one module, each line at its line number in the page, compiles and runs it.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { codeBlocks } from './markdown.js';

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;

/** Compiler options: `tsc --init` plus the strictest ones that users turn on. */
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

/** Returns the ts and js blocks as one module. Repeated imports of a name are renamed. */
export function moduleOf(page: string): string {
  const lines = page.split('\n').map(() => '');
  for (const { language, line, lines: code } of codeBlocks(page)) {
    if (language === 'ts' || language === 'js') for (const [i, text] of code.entries()) lines[line - 1 + i] = text;
  }
  const source = lines.join('\n');
  const seen = new Set<string>();
  const repeated: number[] = [];
  for (const statement of ts.createSourceFile('page.ts', source, ts.ScriptTarget.ES2022).statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const names = statement.importClause?.namedBindings;
    for (const name of names !== undefined && ts.isNamedImports(names) ? names.elements : []) {
      if (seen.has(name.name.text)) repeated.push(name.end);
      seen.add(name.name.text);
    }
  }
  return repeated.reduceRight((text, end) => `${text.slice(0, end)} as repeated${end}${text.slice(end)}`, source);
}

/** Pages of the package at `root`, as modules in a temporary folder in which the package is installed. */
export class Pages {
  /** The temporary folder; the caller removes it. */
  readonly dir = mkdtempSync(join(tmpdir(), 'tapehead-docs-'));
  /** What the compiler complains about, each with page and line. */
  readonly complaints: readonly string[];

  /** Writes the modules and compiles them together. */
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
    this.complaints = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map((diagnostic) =>
      this.#describe(diagnostic),
    );
  }

  /** Runs a page and returns the lines it prints. Rejects with page and line if it fails. */
  async run(path: string): Promise<string[]> {
    const compiled = this.#file(path).replace(/ts$/, 'js');
    try {
      const settings = { cwd: this.dir, timeout: TIMEOUT_MS };
      const { stdout } = await run(process.execPath, ['--enable-source-maps', compiled], settings);
      return stdout.split('\n');
    } catch (error) {
      throw new Error(this.#withPageNames(`${(error as { stderr?: string }).stderr || error}`));
    }
  }

  #file(path: string): string {
    return join(this.dir, path.replace(/md$/, 'ts'));
  }

  #describe({ file, start = 0, messageText }: ts.Diagnostic): string {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (file === undefined) return text;
    return this.#withPageNames(`${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${text}`);
  }

  /** Replaces names of generated files by names of pages. */
  #withPageNames(text: string): string {
    return text.replaceAll(`${this.dir}/`, '').replaceAll(/\.ts:(\d)/g, '.md:$1');
  }
}
