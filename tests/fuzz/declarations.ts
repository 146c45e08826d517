// The callables of the public API, read from the shipped declarations by the TypeScript compiler.
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** What a parameter takes, as far as arguments can be generated from it. */
export type Kind =
  | {
      readonly is: 'primitive';
      readonly name: 'number' | 'string' | 'boolean' | 'bigint' | 'undefined' | 'null' | 'any';
    }
  | { readonly is: 'literal'; readonly value: string | number | boolean }
  | { readonly is: 'union'; readonly of: readonly Kind[] }
  | { readonly is: 'array'; readonly of: Kind }
  | { readonly is: 'tuple'; readonly of: readonly Kind[] }
  | { readonly is: 'function'; readonly returns: Kind }
  | { readonly is: 'instance'; readonly name: string }
  | { readonly is: 'object'; readonly properties: readonly Property[] };

export interface Property {
  readonly name: string;
  readonly optional: boolean;
  readonly kind: Kind;
}

/** A function, a constructor, a method or an accessor. */
export interface Callable {
  /** `linear`, `Linear`, `Linear.forward`. */
  readonly name: string;
  readonly how: 'function' | 'construct' | 'static' | 'method' | 'get' | 'set';
  /** Class of the receiver, or that is constructed. */
  readonly owner: string;
  readonly member: string;
  readonly parameters: readonly Property[];
}

const MAX_DEPTH = 6;
const ANY: Kind = { is: 'primitive', name: 'any' };

/** Every callable that a user of the package can reach. */
export function publicCallables(): Callable[] {
  const entry = fileURLToPath(new URL('../../index.d.ts', import.meta.url));
  const program = ts.createProgram([entry], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(entry) as ts.SourceFile;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(file) as ts.Symbol);
  const found = exported.flatMap((symbol) => new Reader(checker).callables(resolved(checker, symbol)));
  return [...new Map(found.map((callable) => [`${callable.how} ${callable.name}`, callable])).values()];
}

function resolved(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

class Reader {
  constructor(readonly checker: ts.TypeChecker) {}

  callables(symbol: ts.Symbol): Callable[] {
    const { name } = symbol;
    if (symbol.flags & ts.SymbolFlags.Function) {
      const [signature] = this.checker.getTypeOfSymbol(symbol).getCallSignatures();
      return [{ name, how: 'function', owner: '', member: name, parameters: this.parameters(signature) }];
    }
    if (symbol.flags & ts.SymbolFlags.Class) return this.#ofClass(symbol);
    // The one interface whose objects the package creates without a class.
    if (name === 'ParameterScope') return this.#membersOf(symbol);
    return [];
  }

  parameters(signature: ts.Signature | undefined): Property[] {
    return (signature?.parameters ?? []).map((parameter) => {
      const declaration = parameter.valueDeclaration as ts.ParameterDeclaration;
      const optional = declaration.questionToken !== undefined || declaration.initializer !== undefined;
      return { name: parameter.name, optional, kind: this.kind(this.checker.getTypeOfSymbol(parameter), 0) };
    });
  }

  #ofClass(symbol: ts.Symbol): Callable[] {
    const owner = symbol.name;
    const constructorType = this.checker.getTypeOfSymbol(symbol);
    const [signature] = constructorType.getConstructSignatures();
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    if (has(symbol.valueDeclaration, ts.ModifierFlags.Abstract)) return [];
    const isCreated = has(signature?.declaration, hidden) || ['Tensor', 'Runtime', 'KernelMemoryFit'].includes(owner);
    const created = {
      name: owner,
      how: 'construct' as const,
      owner,
      member: '',
      parameters: this.parameters(signature),
    };
    const statics = constructorType.getProperties().filter((member) => !has(member.valueDeclaration, hidden));
    return [
      ...(isCreated ? [] : [created]),
      ...statics.flatMap((member) => this.#ofMember(owner, member, true)),
      ...this.#membersOf(symbol),
    ];
  }

  #membersOf(symbol: ts.Symbol): Callable[] {
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    const members = this.checker.getDeclaredTypeOfSymbol(symbol).getProperties();
    return members
      .filter((member) => !has(member.valueDeclaration, hidden) && !member.name.startsWith('__'))
      .flatMap((member) => this.#ofMember(symbol.name, member, false));
  }

  #ofMember(owner: string, symbol: ts.Symbol, isStatic: boolean): Callable[] {
    const { name: member, flags } = symbol;
    const name = `${owner}.${member}`;
    const type = this.checker.getTypeOfSymbol(symbol);
    if (flags & ts.SymbolFlags.Method) {
      const parameters = this.parameters(type.getCallSignatures()[0]);
      return [{ name, how: isStatic ? 'static' : 'method', owner, member, parameters }];
    }
    const found: Callable[] = [];
    if (flags & ts.SymbolFlags.GetAccessor) found.push({ name, how: 'get', owner, member, parameters: [] });
    if (flags & ts.SymbolFlags.SetAccessor) {
      const parameters = [{ name: 'value', optional: false, kind: this.kind(type, 0) }];
      found.push({ name, how: 'set', owner, member, parameters });
    }
    return found;
  }

  kind(type: ts.Type, depth: number): Kind {
    const { checker } = this;
    if (depth > MAX_DEPTH) return ANY;
    if (type.isUnion()) return { is: 'union', of: type.types.map((part) => this.kind(part, depth + 1)) };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { is: 'literal', value: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral)
      return { is: 'literal', value: checker.typeToString(type) === 'true' };
    for (const [flag, name] of PRIMITIVES) if (type.flags & flag) return { is: 'primitive', name };
    if (checker.isTupleType(type)) {
      return {
        is: 'tuple',
        of: checker.getTypeArguments(type as ts.TypeReference).map((part) => this.kind(part, depth + 1)),
      };
    }
    if (checker.isArrayType(type)) {
      const [of] = checker.getTypeArguments(type as ts.TypeReference);
      return { is: 'array', of: of === undefined ? ANY : this.kind(of, depth + 1) };
    }
    const [call] = type.getCallSignatures();
    if (call !== undefined) return { is: 'function', returns: this.kind(call.getReturnType(), depth + 1) };
    const symbol = type.getSymbol();
    const name = symbol?.name ?? '';
    if ((type.flags & ts.TypeFlags.TypeParameter) !== 0) {
      const constraint = type.getConstraint();
      return constraint === undefined ? ANY : this.kind(constraint, depth + 1);
    }
    if (((symbol?.flags ?? 0) & ts.SymbolFlags.Class) !== 0 || INSTANCES.test(name)) return { is: 'instance', name };
    return { is: 'object', properties: this.#properties(type, depth) };
  }

  #properties(type: ts.Type, depth: number): Property[] {
    return type.getProperties().map((property) => {
      const kind = this.kind(this.checker.getTypeOfSymbol(property), depth + 1);
      return { name: property.name, optional: (property.flags & ts.SymbolFlags.Optional) !== 0, kind };
    });
  }
}

function has(declaration: ts.Declaration | undefined, flags: ts.ModifierFlags): boolean {
  return declaration !== undefined && (ts.getCombinedModifierFlags(declaration) & flags) !== 0;
}

const PRIMITIVES = [
  [ts.TypeFlags.Number, 'number'],
  [ts.TypeFlags.String, 'string'],
  [ts.TypeFlags.Boolean, 'boolean'],
  [ts.TypeFlags.BigInt, 'bigint'],
  [ts.TypeFlags.Undefined, 'undefined'],
  [ts.TypeFlags.Void, 'undefined'],
  [ts.TypeFlags.Null, 'null'],
  [ts.TypeFlags.Any, 'any'],
  [ts.TypeFlags.Unknown, 'any'],
] as const;

/** Types whose values the world has, or that the language has. */
const INSTANCES =
  /^(\w+Array|ArrayLike|ArrayBuffer|ArrayBufferView|SharedArrayBuffer|DataView|URL|Module|Map|ReadonlyMap|Promise|AbortSignal|ParameterScope|LatentModel)$/;
