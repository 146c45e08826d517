// The rules of the architecture: which way imports run, and who may touch kernels, memory and addresses.
import { posix } from 'node:path';
import ts from 'typescript';

/** Source texts by their path from the repository's top, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

interface Layer {
  readonly name: string;
  readonly files: RegExp;
  /** Packages the layer may import; none by default. */
  readonly packages?: RegExp;
}

/** A file imports, types included, from its own layer and from those before it. */
const layers: readonly Layer[] = [
  { name: 'assembly', files: /^assembly\/[\w-]+\.ts$/ },
  { name: 'wasi', files: /^assembly\/wasi\// },
  { name: 'wasm', files: /^bindings\/wasm\// },
  { name: 'memory', files: /^bindings\/(kernels|arena|job|tapehead-worker|threads|parallel|shared-module)\.ts$/ },
  { name: 'core', files: /^bindings\/(runtime|tensor|shape|expect-tensor|keep|parameters)\.ts$/ },
  { name: 'load', files: /^bindings\/load\.ts$/, packages: /^wasm-feature-detect$/ },
  { name: 'ops', files: /^bindings\// },
  { name: 'layers', files: /^models\/layers\// },
  { name: 'models', files: /^models\// },
  { name: 'tasks', files: /^tasks\// },
  { name: 'index', files: /^index\.ts$/ },
  { name: 'programs', files: /^(reproduce|site|bench)\//, packages: /./ },
];

/** Files that define each other, one node for cycles: a runtime makes tensors, keeps and checks them, a tensor names it. */
const heart = /^bindings\/(runtime|tensor|expect-tensor|keep)\.ts$/;

/** Who may say `kernels`: the ops, the others that run one, and the two files through which the table comes. */
const callers =
  /^bindings\/(ops\/[\w-]+|optim|random|peak|load|runtime|arena|job|tapehead-worker|threads|parallel)\.ts$/;

/** What breaks a rule, a sentence each. `sources` leaves out the tests, which may import anything. */
export function violations(sources: Sources): string[] {
  const graph = new Map<string, string[]>();
  const found: string[] = [];
  for (const [path, text] of sources) {
    const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
    const files = imports.filter((name) => name.startsWith('.')).map((name) => resolve(path, name));
    const packages = imports.filter((name) => !name.startsWith('.'));
    const allowed = layerOf(path)?.packages;
    graph.set(node(path), [...(graph.get(node(path)) ?? []), ...files.map(node)]);
    if (layerOf(path) === undefined) found.push(`${path} lies in no layer`);
    found.push(...packages.filter((name) => !allowed?.test(name)).map((name) => `${path} imports the package ${name}`));
    found.push(...files.flatMap((target) => misdirected(path, target)));
    found.push(...misplaced(path, text));
  }
  return [...found, ...cycles(graph)];
}

/** What is wrong with the import of `target` by `path`. */
function misdirected(path: string, target: string): string[] {
  const [from, to] = [layerOf(path), layerOf(target)];
  if (from === undefined) return [];
  if (to === undefined) return [`${path} imports ${target}, which lies in no layer`];
  if (layers.indexOf(to) > layers.indexOf(from)) {
    return [`${path} (${from.name}) imports ${target}, which lies in a later layer (${to.name})`];
  }
  if (from.name === 'models' && to.name === 'models' && folders(path)[1] !== folders(target)[1]) {
    return [`${path} imports ${target}, another model family`];
  }
  if (from.name === 'programs' && to.name !== 'programs') {
    return [`${path} imports ${target} by its path instead of from 'tapehead'`];
  }
  if (path.startsWith('site/') && !target.startsWith('site/')) {
    return [`${path} imports ${target}, which is no part of the playground`];
  }
  return [];
}

/** Uses of kernels, memory and addresses where they do not belong. */
function misplaced(path: string, text: string): string[] {
  const found = new Set<string>();
  const visit = (part: ts.Node): void => {
    if (ts.isIdentifier(part)) {
      if (part.text === 'kernels' && !callers.test(path)) found.add(`${path} touches kernels`);
      if (/^(pointer|gradPointer)$/.test(part.text) && path.startsWith('models/')) found.add(`${path} sees a pointer`);
      if (part.text === 'buffer' && path !== 'bindings/arena.ts' && ofMemory(part))
        found.add(`${path} opens the memory`);
    }
    part.forEachChild(visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return [...found];
}

/** Whether `buffer` is read from something called memory: `arena.memory.buffer`, `{ buffer } = memory`. */
function ofMemory(buffer: ts.Identifier): boolean {
  const { parent } = buffer;
  if (ts.isPropertyAccessExpression(parent)) return /\bmemory$/.test(parent.expression.getText());
  if (!ts.isBindingElement(parent)) return false;
  const source = parent.parent.parent;
  return ts.isVariableDeclaration(source) && /\bmemory$/.test(source.initializer?.getText() ?? '');
}

/** Each cycle of the graph, once. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push(`a cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) if (next !== path || !heart.test(path)) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

function layerOf(path: string): Layer | undefined {
  return layers.find(({ files }) => files.test(path));
}

function node(path: string): string {
  return heart.test(path) ? 'bindings/runtime.ts' : path;
}

function folders(path: string): string[] {
  return path.split('/').slice(0, -1);
}

/** The source file that `name` stands for in `path`: `.js` for `.ts`, and no extension in AssemblyScript. */
function resolve(path: string, name: string): string {
  return `${posix.join(posix.dirname(path), name.replace(/\.js$/, ''))}.ts`;
}
