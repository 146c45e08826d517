// Families of kernels: each a wasm module of its own, so that a page fetches only those whose ops it calls.
import type { Kernels } from './kernels.js';

/** @internal Kernels that are loaded together; assembly/families.json lists them. */
export interface Family {
  /** One of them, by which a runtime is known to have them. */
  readonly kernel: keyof Kernels;
  /** A kernel of the larger family that has all of these too, where there is one. */
  readonly within?: keyof Kernels;
  /** Whether it has the kernels of all other families. */
  readonly whole?: boolean;
  /** The module of each build: deflated, in base64. */
  readonly relaxed: () => Promise<{ wasm: string }>;
  readonly simd: () => Promise<{ wasm: string }>;
}

/** @internal The kernels that are always loaded. */
export const coreKernels: Family = {
  kernel: 'matmul',
  relaxed: () => import('../wasm/relaxed-core.js'),
  simd: () => import('../wasm/simd-core.js'),
};

/** @internal The families to which the program refers. */
export const families: Family[] = [coreKernels];

// The annotations let a bundler drop the families to which no op of the bundle refers, and so keep `load` from loading them.

/** @internal No op refers to it: only a program that is not bundled has it, and loads all kernels as one module. */
export const allKernels: Family = /* @__PURE__ */ register({
  kernel: 'matmul',
  whole: true,
  relaxed: () => import('../wasm/relaxed.js'),
  simd: () => import('../wasm/simd.js'),
});

/** @internal */
export const attentionKernels: Family = /* @__PURE__ */ register({
  kernel: 'addTotals',
  relaxed: () => import('../wasm/relaxed-attention.js'),
  simd: () => import('../wasm/simd-attention.js'),
});

/** @internal */
export const classKernels: Family = /* @__PURE__ */ register({
  kernel: 'crossEntropy',
  relaxed: () => import('../wasm/relaxed-classes.js'),
  simd: () => import('../wasm/simd-classes.js'),
});

/** @internal */
export const convolutionKernels: Family = /* @__PURE__ */ register({
  kernel: 'conv2dBlock',
  relaxed: () => import('../wasm/relaxed-convolution.js'),
  simd: () => import('../wasm/simd-convolution.js'),
});

/** @internal */
export const exponentialKernels: Family = /* @__PURE__ */ register({
  kernel: 'exp',
  relaxed: () => import('../wasm/relaxed-exponential.js'),
  simd: () => import('../wasm/simd-exponential.js'),
});

/** @internal */
export const gumbelKernels: Family = /* @__PURE__ */ register({
  kernel: 'gumbelWeights',
  relaxed: () => import('../wasm/relaxed-gumbel.js'),
  simd: () => import('../wasm/simd-gumbel.js'),
});

/** @internal */
export const logitKernels: Family = /* @__PURE__ */ register({
  kernel: 'softmax',
  within: 'lstmCell',
  relaxed: () => import('../wasm/relaxed-logits.js'),
  simd: () => import('../wasm/simd-logits.js'),
});

/** @internal */
export const mathKernels: Family = /* @__PURE__ */ register({
  kernel: 'tanh',
  relaxed: () => import('../wasm/relaxed-math.js'),
  simd: () => import('../wasm/simd-math.js'),
});

/** @internal */
export const normalizationKernels: Family = /* @__PURE__ */ register({
  kernel: 'batchNorm',
  relaxed: () => import('../wasm/relaxed-normalization.js'),
  simd: () => import('../wasm/simd-normalization.js'),
});

/** @internal */
export const optimizerKernels: Family = /* @__PURE__ */ register({
  kernel: 'sgd',
  relaxed: () => import('../wasm/relaxed-optimizers.js'),
  simd: () => import('../wasm/simd-optimizers.js'),
});

/** @internal */
export const quantizationKernels: Family = /* @__PURE__ */ register({
  kernel: 'exactCodes',
  relaxed: () => import('../wasm/relaxed-quantization.js'),
  simd: () => import('../wasm/simd-quantization.js'),
});

/** @internal */
export const regressionKernels: Family = /* @__PURE__ */ register({
  kernel: 'gramRows',
  relaxed: () => import('../wasm/relaxed-regression.js'),
  simd: () => import('../wasm/simd-regression.js'),
});

/** @internal */
export const sequenceKernels: Family = /* @__PURE__ */ register({
  kernel: 'lstmCell',
  relaxed: () => import('../wasm/relaxed-sequence.js'),
  simd: () => import('../wasm/simd-sequence.js'),
});

function register(family: Family): Family {
  families.push(family);
  return family;
}

/**
 * Returns the modules that `load` instantiates.
 *
 * @internal
 * @param build The build.
 * @returns Their bytes: deflated, in base64.
 */
export function embedded(build: 'relaxed' | 'simd'): Promise<{ wasm: string }>[] {
  const all = families.find(({ whole }) => whole);
  const needed = families.filter(({ within }) => !families.some(({ kernel }) => kernel === within));
  return (all === undefined ? needed : [all]).map((family) => family[build]());
}

/**
 * Returns the kernels of a runtime, for an op that calls those of `family`.
 *
 * @internal
 * @param op The op, for the message.
 * @param family The family.
 * @param runtime The runtime.
 * @returns `runtime.kernels`.
 * @throws {Error} The runtime lacks the family, because the op was imported after the call of `load`.
 */
export function kernelsOf(op: string, family: Family, { kernels }: { readonly kernels: Kernels }): Kernels {
  if (kernels[family.kernel] === undefined) {
    throw new Error(`${op}: its kernels are not loaded; import it before calling load()`);
  }
  return kernels;
}
