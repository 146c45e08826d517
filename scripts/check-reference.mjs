// node scripts/check-reference.mjs FILE: checks that every public signature in TypeDoc's JSON is documented in full.
import { readFileSync } from 'node:fs';

/** The kinds of TypeDoc's ReflectionKind that the check tells apart. */
const CLASS = 128;
const CONSTRUCTOR = 512;
const FUNCTION = 64;
const ACCESSOR = 262144;

/** The documentation of an option states its default, or the behaviour without it. */
const SAYS_DEFAULT = /\b(defaults?|omit(ted)?|without|unless|instead)\b/i;

/** @typedef {{ name: string, missing: string[] }} Signature */

/** Returns every public signature with the gaps in its documentation. */
export function signatures(project) {
  return (project.children ?? []).flatMap((child) => declared(child, child.name, true));
}

/** Checks a declaration and its members. @returns {Signature[]} */
function declared(node, name, exported = false, parent = undefined) {
  if (isInherited(node)) return [];
  const found = [...(node.signatures ?? []).map((signature) => checked(node, signature, name, exported))];
  if (found.length === 0 || node.kind === CLASS) {
    found.unshift({ name, missing: [...summaryOf(node), ...defaultOf(node, parent), ...exampleOf(node, exported)] });
  }
  const members = [...(node.children ?? []), ...inlineMembers(node.type)];
  return [...found, ...members.flatMap((member) => declared(member, `${name}.${member.name}`, false, node))];
}

/** Checks the signature of a function, a method or a constructor. @returns {Signature} */
function checked(node, signature, name, exported) {
  const isConstructor = node.kind === CONSTRUCTOR;
  const missing = isConstructor && signature.parameters === undefined ? [] : summaryOf(signature);
  for (const parameter of signature.parameters ?? []) missing.push(...parameterGaps(parameter));
  const { type } = signature;
  if (!isConstructor && !isVoid(type) && !hasTag(signature, '@returns')) missing.push('@returns');
  if (node.kind === FUNCTION && exported && !hasTag(signature, '@example')) missing.push('@example');
  return { name, missing };
}

/** Gaps in the documentation of a parameter. Properties of an inline object type are options. */
function parameterGaps(parameter) {
  const name = parameter.name === '__namedParameters' ? 'options' : parameter.name;
  const missing = hasText(parameter.comment?.summary) ? [] : [`@param ${name}`];
  for (const member of inlineMembers(parameter.type)) {
    if (!hasText(member.comment?.summary)) missing.push(`@param ${name}.${member.name}`);
    else if (member.flags.isOptional && !saysDefault(member)) missing.push(`default of ${name}.${member.name}`);
  }
  return missing;
}

function summaryOf(node) {
  const parts = node.kind === ACCESSOR ? [node.getSignature, node.setSignature] : [node];
  return parts.some((part) => hasText(part?.comment?.summary)) ? [] : ['summary'];
}

/** Only options have defaults, but callbacks and signals have none. */
function defaultOf(node, parent) {
  const isCallback = node.type?.declaration?.signatures !== undefined || node.type?.name === 'AbortSignal';
  const isOption = node.flags?.isOptional && parent?.name.endsWith('Options') && !isCallback;
  return isOption && !saysDefault(node) ? ['default'] : [];
}

/** Abstract classes need no example: users cannot construct them. */
function exampleOf(node, exported) {
  if (!exported || node.kind !== CLASS || node.flags.isAbstract) return [];
  return hasTag(node, '@example') ? [] : ['@example'];
}

/** Whether the member is inherited from a documented class or from another package, which documents it. */
function isInherited({ inheritedFrom }) {
  if (inheritedFrom === undefined) return false;
  return typeof inheritedFrom.target !== 'number' || inheritedFrom.target >= 0;
}

/** Properties of the object types that are written inline in `type`. Callbacks have none. */
function inlineMembers(type) {
  if (typeof type !== 'object' || type === null) return [];
  if (type.type === 'reflection')
    return type.declaration.signatures === undefined ? (type.declaration.children ?? []) : [];
  return Object.values(type).flatMap((part) =>
    Array.isArray(part) ? part.flatMap(inlineMembers) : inlineMembers(part),
  );
}

function isVoid(type) {
  if (type?.name === 'Promise') return isVoid(type.typeArguments?.[0]);
  return type?.name === 'void' || type?.name === 'never';
}

function saysDefault(node) {
  const text = [...(node.comment?.summary ?? []), ...(node.comment?.blockTags ?? []).flatMap(({ content }) => content)];
  return hasTag(node, '@defaultValue') || text.some((part) => SAYS_DEFAULT.test(part.text));
}

function hasTag(node, tag) {
  return (node.comment?.blockTags ?? []).some((block) => block.tag === tag && hasText(block.content));
}

function hasText(parts) {
  return (parts ?? []).some(({ text }) => text.trim() !== '');
}

const all = signatures(JSON.parse(readFileSync(process.argv[2], 'utf8')));
const gaps = all.filter(({ missing }) => missing.length > 0);
for (const { name, missing } of gaps) console.log(`${name}: ${missing.join(', ')}`);
console.log(`${all.length - gaps.length} of ${all.length} signatures complete`);
if (gaps.length > 0 || all.length === 0) process.exitCode = 1;
