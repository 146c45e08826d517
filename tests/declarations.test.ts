// The shipped declarations: free of internals, and valid in a strict project with skipLibCheck off.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Names that belong to the internals of the library. */
const internal = /pointer|arena|kernels|panel/i;

test('declarations reachable from an entry point name no pointer, arena, kernels or panel', (t) => {
  const files = shippedDeclarations();
  t.true(files.size > 30);
  t.deepEqual(
    [...files].flatMap(([path, text]) => internalNames(path, text)),
    [],
  );
});

test('an internal name is found in a declaration, but not in a comment', (t) => {
  const text = '/** Calls the kernels. */\nexport declare class A {\n  gradPointer: number;\n}\n';
  t.deepEqual(internalNames('a.d.ts', text), ['a.d.ts:3: gradPointer']);
});

test('a strict project with skipLibCheck off compiles, with and without the types of Node', (t) => {
  t.deepEqual(errorsIn(consumer), []);
  t.deepEqual(errorsIn(consumer, { types: ['node'], typeRoots: [join(root, 'node_modules/@types')] }), []);
  t.deepEqual(errorsIn('import { load } from "tapehead";\n(await load()).arena;\n'), [
    "consumer.ts: Property 'arena' does not exist on type 'Runtime'.",
  ]);
});

const consumer = `
import * as tapehead from 'tapehead';
const runtime: tapehead.Runtime = await tapehead.load({ threads: 1 });
const random = new tapehead.Random(runtime, 1);
const model = new tapehead.LSTMBaseline(runtime, { inputSize: 2, outputSize: 1, random });
const optimizer: tapehead.Optimizer = new tapehead.Adam(model.parameters, { lr: 1e-3 });
const loss: number = runtime.step(() => tapehead.mean(model.forward(random.normal([3, 1, 2]))).item());
{
  using ones = runtime.tensor([1, 1]);
  ones.toArray();
}
export { loss, optimizer };
`;

/** Texts of all declaration files reachable from an entry point of the package, by path. */
function shippedDeclarations(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.values(exports).flatMap((entry) => (entry as { types?: string }).types ?? []);
  const files = new Map<string, string>();
  const visit = (file: string): void => {
    const path = relative(root, file).split(sep).join('/');
    if (files.has(path)) return;
    const text = readFileSync(file, 'utf8');
    files.set(path, text);
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (fileName.startsWith('.')) visit(join(dirname(file), fileName.replace(/\.js$/, '.d.ts')));
    }
  };
  for (const entry of entries) visit(join(root, entry));
  return files;
}

/** Returns the internal identifiers in a declaration file, with their lines. */
function internalNames(path: string, text: string): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && internal.test(node.text)) {
      found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}: ${node.text}`);
    }
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** Returns the compiler errors of a strict project that consists of `source` and has the package installed. */
function errorsIn(source: string, more: ts.CompilerOptions = {}): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tapehead-consumer-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules/tapehead'), 'junction');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const file = join(folder, 'consumer.ts');
    writeFileSync(file, source);
    const program = ts.createProgram([file], {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: [],
      ...more,
    });
    return ts.getPreEmitDiagnostics(program).map(({ file: at, messageText }) => {
      const name = at === undefined ? '' : `${relative(folder, at.fileName)}: `;
      return name + ts.flattenDiagnosticMessageText(messageText, ' ');
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
