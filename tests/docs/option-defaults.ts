// Reads the defaults of options from the code: `{ lr = 1e-3 }: SGDOptions`, `const { lr = 1e-3 } = options`.
import ts from 'typescript';

/** An option of an interface `…Options` with a literal default. */
export interface OptionDefault {
  /** `SGDOptions.lr`. */
  readonly name: string;
  /** Path of the source file that declares the option. */
  readonly path: string;
  /** The option's doc comment. */
  readonly docs: string;
  /** Source texts of its defaults; several if functions share the interface. */
  readonly values: ReadonlySet<string>;
}

/** Returns every option with a literal default in the program with this entry point, by name. */
export function optionDefaults(entry: string, options: ts.CompilerOptions): Map<string, OptionDefault> {
  const program = ts.createProgram([entry], options);
  const checker = program.getTypeChecker();
  const found = new Map<string, OptionDefault & { values: Set<string> }>();
  const visit = (node: ts.Node): void => {
    if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent) && node.initializer) {
      const option = optionOf(checker, node);
      const value = literalOf(checker, node.initializer);
      if (option !== undefined && value !== undefined) {
        const known = found.get(option.name) ?? { ...option, values: new Set() };
        known.values.add(value);
        found.set(option.name, known);
      }
    }
    node.forEachChild(visit);
  };
  for (const file of program.getSourceFiles()) if (!file.isDeclarationFile) visit(file);
  return found;
}

/** The option that an element of a destructuring pattern reads, if the object is of a type `…Options`. */
function optionOf(checker: ts.TypeChecker, element: ts.BindingElement): Omit<OptionDefault, 'values'> | undefined {
  const { parent } = element.parent;
  const source = ts.isVariableDeclaration(parent)
    ? parent.initializer
    : ts.isParameter(parent)
      ? parent.type
      : undefined;
  if (source === undefined) return undefined;
  const property = checker.getTypeAtLocation(source).getProperty((element.propertyName ?? element.name).getText());
  const declaration = property?.declarations?.find(ts.isPropertySignature);
  const owner = declaration?.parent;
  if (property === undefined || owner === undefined || !ts.isInterfaceDeclaration(owner)) return undefined;
  if (!owner.name.text.endsWith('Options')) return undefined;
  return {
    name: `${owner.name.text}.${property.name}`,
    path: owner.getSourceFile().fileName,
    docs: ts.displayPartsToString(property.getDocumentationComment(checker)),
  };
}

/** The text of a literal, or of a constant initialised with one; undefined for a computed value. */
function literalOf(checker: ts.TypeChecker, node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node) && node.text !== 'undefined') {
    const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
    const isConstant = declaration !== undefined && ts.isVariableDeclaration(declaration) && declaration.initializer;
    return isConstant ? literalOf(checker, isConstant) : undefined;
  }
  const isLiteral =
    ts.isLiteralExpression(node) ||
    ts.isPrefixUnaryExpression(node) ||
    (ts.isArrayLiteralExpression(node) && node.elements.every((part) => literalOf(checker, part) !== undefined)) ||
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword;
  return isLiteral ? node.getText().replaceAll(/['"`]/g, '') : undefined;
}

/** Whether `text` contains the value: a number in any notation, a word, or a list. The empty string is "none". */
export function names(text: string, value: string): boolean {
  if (value === '') return /\bnone\b/.test(text);
  const plain = text.replaceAll('`', '').replaceAll("'", '').replaceAll('−', '-').replaceAll('_', '');
  if (value.startsWith('[')) return plain.replaceAll(' ', '').includes(value.replaceAll(/[\s_]/g, ''));
  const number = Number(value.replaceAll('_', ''));
  if (Number.isNaN(number)) return plain.split(/[^\w-]+/).includes(value);
  return [...plain.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)].some(([found]) => Number(found) === number);
}
