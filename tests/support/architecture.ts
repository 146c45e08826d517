// The rules of the architecture: import directions, and the files that may use kernels, memory and pointers.
import { posix } from 'node:path';
import ts from 'typescript';

/** Source texts by their path from the repository root, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

interface Layer {
  /** A folder, or a file at the root of `bindings/` or of the repository. */
  readonly path: string;
  /** Packages that the layer may import. Default: none. */
  readonly packages?: RegExp;
}

/** Layers in order: a file may import, types included, from its own and from earlier ones. The longest matching path counts. */
const layers: readonly Layer[] = [
  { path: 'assembly' },
  { path: 'assembly/wasi' },
  { path: 'assembly/yardstick' },
  { path: 'bindings/wasm' },
  { path: 'bindings/engine' },
  { path: 'bindings/tensor' },
  { path: 'bindings/load.ts', packages: /^wasm-feature-detect$/ },
  { path: 'bindings/random.ts' },
  { path: 'bindings/ops' },
  { path: 'bindings/optim' },
  { path: 'bindings/io' },
  { path: 'models/layers' },
  { path: 'models' },
  { path: 'data' },
  { path: 'tasks' },
  { path: 'index.ts' },
  { path: 'tools', packages: /./ },
  { path: 'reproduce', packages: /./ },
  { path: 'bench', packages: /./ },
  { path: 'site', packages: /./ },
];

/** Layers that import the package by its public name. */
const programs = /^(tools|reproduce|bench|site)$/;

/** The only file of a program that may import from the library by path: it measures the engine itself. */
const yardstick = 'bench/yardstick.ts';

/** Files that may import each other: a runtime creates and checks tensors, which refer to it. One node in the graph. */
const mutual = /^bindings\/tensor\/(runtime|tensor|tape|check-tensor|scope-escape|upstream|flat)\.ts$/;

/** Files that may use `kernels`. */
const callers = /^bindings\/(engine\/|ops\/|optim\/|random\.ts$|load\.ts$|tensor\/(runtime|tape)\.ts$)/;

/** Returns a sentence for every violation. `sources` excludes the tests, which may import anything. */
export function violations(sources: Sources): string[] {
  const graph = new Map<string, string[]>();
  const found: string[] = [];
  for (const [path, text] of sources) {
    const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
    const files = imports.filter((name) => name.startsWith('.')).map((name) => resolve(path, name));
    const packages = imports.filter((name) => !name.startsWith('.'));
    const allowed = layerOf(path)?.packages;
    graph.set(node(path), [...(graph.get(node(path)) ?? []), ...files.map(node)]);
    if (layerOf(path) === undefined) found.push(`${path} belongs to no layer`);
    found.push(...packages.filter((name) => !allowed?.test(name)).map((name) => `${path} imports the package ${name}`));
    found.push(...files.flatMap((target) => misdirected(sources, path, target)));
    found.push(...misplaced(path, text));
  }
  return [...found, ...cycles(graph)];
}

/** The violation in the import of `target` by `path`, if any. */
function misdirected(sources: Sources, path: string, target: string): string[] {
  const [from, to] = [layerOf(path), layerOf(target)];
  if (from === undefined) return [];
  if (to === undefined) return [`${path} imports ${target}, which belongs to no layer`];
  if (layers.indexOf(to) > layers.indexOf(from)) {
    return [`${path} (${from.path}) imports ${target} from a later layer (${to.path})`];
  }
  if (from.path === 'models' && to.path === 'models' && folders(path)[1] !== folders(target)[1]) {
    return [`${path} imports ${target}, which belongs to another model family`];
  }
  if (!programs.test(from.path)) return [];
  if (!programs.test(to.path)) {
    return path === yardstick ? [] : [`${path} imports ${target} by its path instead of from 'tapehead'`];
  }
  const other = from !== to && to.path !== 'tools';
  return other || ofAnotherProgram(sources, path, target)
    ? [`${path} imports ${target}, which belongs to another program`]
    : [];
}

/** Whether `target` belongs to a program of `reproduce/` (a folder with an `index.ts`) and `path` does not. */
function ofAnotherProgram(sources: Sources, path: string, target: string): boolean {
  const [program, inside] = [folders(target).join('/'), folders(path).length > 1];
  return inside && program.startsWith('reproduce/') && sources.has(`${program}/index.ts`) && !path.startsWith(program);
}

/** Uses of kernels, memory and pointers outside their layers. */
function misplaced(path: string, text: string): string[] {
  const found = new Set<string>();
  const visit = (part: ts.Node): void => {
    if (ts.isIdentifier(part)) {
      if (part.text === 'kernels' && !callers.test(path)) found.add(`${path} uses kernels`);
      if (/^(pointer|gradPointer)$/.test(part.text) && path.startsWith('models/')) found.add(`${path} uses a pointer`);
      if (part.text === 'buffer' && path !== 'bindings/engine/arena.ts' && ofMemory(part))
        found.add(`${path} accesses the wasm memory`);
    }
    part.forEachChild(visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return [...found];
}

/** Whether `buffer` is a property of an object named memory: `arena.memory.buffer`, `{ buffer } = memory`. */
function ofMemory(buffer: ts.Identifier): boolean {
  const { parent } = buffer;
  if (ts.isPropertyAccessExpression(parent)) return /\bmemory$/.test(parent.expression.getText());
  if (!ts.isBindingElement(parent)) return false;
  const source = parent.parent.parent;
  return ts.isVariableDeclaration(source) && /\bmemory$/.test(source.initializer?.getText() ?? '');
}

/** Every cycle of the graph, once. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
    if (done.has(path) || trail.includes(path)) return;
    for (const next of graph.get(path) ?? []) if (next !== path || !mutual.test(path)) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

function layerOf(path: string): Layer | undefined {
  const within = layers.filter((layer) => path === layer.path || path.startsWith(`${layer.path}/`));
  return within.sort((a, b) => b.path.length - a.path.length)[0];
}

function node(path: string): string {
  return mutual.test(path) ? 'bindings/tensor/runtime.ts' : path;
}

function folders(path: string): string[] {
  return path.split('/').slice(0, -1);
}

/** The source file that `path` imports as `name`: `.js` stands for `.ts`, AssemblyScript omits the extension. */
function resolve(path: string, name: string): string {
  return `${posix.join(posix.dirname(path), name.replace(/\.js$/, ''))}.ts`;
}
