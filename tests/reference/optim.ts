// Float64 twins of the optimizers: PyTorch's definitions, number by number.
import type { AdamOptions, RMSpropOptions, SGDOptions } from '../../index.js';

/** Updates p by its gradient g; `step` counts from 1. */
export type Twin = (p: Float64Array, g: Float64Array, step: number) => void;

export function sgdTwin({ lr, momentum, dampening, weightDecay, nesterov }: Required<SGDOptions>): Twin {
  const b: number[] = [];
  return (p, g, step) => {
    for (const [i, x] of p.entries()) {
      let d = g[i]! + weightDecay * x;
      if (momentum > 0) {
        b[i] = step === 1 ? d : momentum * b[i]! + (1 - dampening) * d;
        d = nesterov ? d + momentum * b[i]! : b[i]!;
      }
      p[i] = x - lr * d;
    }
  };
}

export function adamTwin(
  { lr, betas, eps, weightDecay, amsgrad }: Required<AdamOptions>,
  { decoupled = false } = {},
): Twin {
  const m: number[] = [];
  const v: number[] = [];
  const largest: number[] = [];
  return (p, g, step) => {
    for (let i = 0; i < p.length; i++) {
      if (decoupled) p[i]! *= 1 - lr * weightDecay;
      const d = decoupled ? g[i]! : g[i]! + weightDecay * p[i]!;
      m[i] = betas[0] * (m[i] ?? 0) + (1 - betas[0]) * d;
      v[i] = betas[1] * (v[i] ?? 0) + (1 - betas[1]) * d * d;
      largest[i] = Math.max(largest[i] ?? 0, v[i]!);
      const root = Math.sqrt(amsgrad ? largest[i]! : v[i]!) / Math.sqrt(1 - betas[1] ** step);
      p[i]! -= ((lr / (1 - betas[0] ** step)) * m[i]!) / (root + eps);
    }
  };
}

export function rmspropTwin(options: Required<RMSpropOptions>): Twin {
  const { lr, alpha, eps, weightDecay, momentum, centered, epsInsideRoot } = options;
  const s: number[] = [];
  const a: number[] = [];
  const b: number[] = [];
  return (p, g) => {
    for (const [i, x] of p.entries()) {
      const d = g[i]! + weightDecay * x;
      s[i] = alpha * (s[i] ?? 0) + (1 - alpha) * d * d;
      a[i] = alpha * (a[i] ?? 0) + (1 - alpha) * d;
      const square = centered ? s[i]! - a[i]! ** 2 : s[i]!;
      b[i] = momentum * (b[i] ?? 0) + d / (epsInsideRoot ? Math.sqrt(square + eps) : Math.sqrt(square) + eps);
      p[i] = x - lr * b[i]!;
    }
  };
}
