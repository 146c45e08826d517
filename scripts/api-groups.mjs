// A plugin of TypeDoc: sorts the public API into groups by the source file that a name comes from.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

const groups = [
  [/^bindings\/(load|runtime|tensor|shape|random|rows)\.ts$/, 'Runtime'],
  [/^bindings\/ops\//, 'Ops'],
  [/^bindings\/(parameters|safetensors)\.ts$/, 'Parameters and checkpoints'],
  [/^bindings\/(optim|optimizer)\.ts$/, 'Optimizers'],
  [/^bindings\/peak\.ts$/, 'Measuring'],
  [/^models\/layers\//, 'Layers'],
  [/^models\/ntm\//, 'Neural Turing Machine'],
  [/^models\/gumbel-memory\//, 'Gumbel memory'],
  [/^models\/kernel-memory\//, 'Kernel memory'],
  [/^models\/memory-vae\//, 'Memory VAE'],
  [/^tasks\//, 'Tasks'],
];

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const child of project.children ?? []) {
      const file = project.getSymbolIdFromReflection(child)?.packagePath;
      const [, group] = groups.find(([files]) => files.test(file ?? '')) ?? [];
      if (group === undefined)
        throw new Error(`api-groups: ${child.name} must come from a file of a group, got ${file}`);
      for (const part of child.kindOf(ReflectionKind.SomeSignature | ReflectionKind.Function)
        ? (child.signatures ?? [])
        : [child]) {
        part.comment ??= new Comment();
        part.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: group }]));
      }
    }
  });
}
