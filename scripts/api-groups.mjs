// A TypeDoc plugin: sorts the public API into categories by the source file that declares a name.
import { Comment, CommentTag, Converter, ReflectionKind } from 'typedoc';

const groups = [
  [/^bindings\/tensor\/parameters\.ts$|^bindings\/io\//, 'Parameters and checkpoints'],
  [/^bindings\/((load|random)\.ts$|tensor\/|engine\/)/, 'Runtime'],
  [/^bindings\/ops\//, 'Ops'],
  [/^bindings\/optim\//, 'Optimizers'],
  [/^models\/layers\//, 'Layers'],
  [/^models\/ntm\//, 'Neural Turing Machine'],
  [/^models\/gumbel-memory\//, 'Gumbel memory'],
  [/^models\/kernel-memory\//, 'Kernel memory'],
  [/^models\/vae\//, 'Memory VAE'],
  [/^tasks\//, 'Tasks'],
  [/^data\//, 'Data'],
];

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const child of project.children ?? []) {
      const file = project.getSymbolIdFromReflection(child)?.packagePath;
      const [, group] = groups.find(([files]) => files.test(file ?? '')) ?? [];
      if (group === undefined) throw new Error(`api-groups: no category for ${child.name}, declared in ${file}`);
      for (const part of child.kindOf(ReflectionKind.SomeSignature | ReflectionKind.Function)
        ? (child.signatures ?? [])
        : [child]) {
        part.comment ??= new Comment();
        part.comment.blockTags.push(new CommentTag('@category', [{ kind: 'text', text: group }]));
      }
    }
  });
}
