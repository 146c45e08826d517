// The convergence plot of the memory VAE and the VQ-VAE.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import { titles } from '../vae-training/settings.js';
import type { Metric } from '../vae-training/train.js';

/** Training error of both models by update; published points are crosses. */
export function convergencePlot(
  metrics: readonly Metric<'memory' | 'vq'>[],
  subtitle: string,
  published?: Readonly<Record<'memory' | 'vq', Readonly<Record<number, number>>>>,
): TopLevelSpec {
  const models = ['memory', 'vq'] as const;
  const last = metrics.at(-1)?.update ?? 0;
  const curves = models.flatMap((model) =>
    metrics.map((metric) => ({ model: titles[model], update: metric.update, error: metric[model] })),
  );
  const points = models.flatMap((model) =>
    Object.entries(published?.[model] ?? {})
      .map(([update, error]) => ({ model: titles[model], update: Number(update), error }))
      .filter(({ update }) => update <= Math.max(last, 1000)),
  );
  const color = {
    field: 'model',
    type: 'nominal' as const,
    title: null,
    scale: { domain: models.map((model) => titles[model]), range: [colors.blue, colors.orange] },
    legend: { orient: 'top-right' as const, offset: 12 },
  };
  const x = { field: 'update', type: 'quantitative' as const, title: 'updates', axis: { grid: false } };
  const y = {
    field: 'error',
    type: 'quantitative' as const,
    title: 'training error / data variance',
    scale: { type: 'log' as const, nice: false, padding: 10 },
  };
  return {
    title: {
      text: 'Memory VAE and VQ-VAE on the same batches',
      subtitle: published === undefined ? subtitle : `${subtitle}; crosses: published`,
    },
    width: 620,
    height: 340,
    layer: [
      { data: { values: curves }, mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color } },
      {
        data: { values: points },
        mark: { type: 'point', shape: 'cross', size: 90, filled: true },
        encoding: { x, y, color },
      },
    ],
  };
}
