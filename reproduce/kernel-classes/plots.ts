// The reliability diagram: accuracy by confidence.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import type { Calibration } from './calibration.js';

/** Accuracy by confidence; the area of a dot is the number of images in its bin. */
export function reliabilityPlot({ bins, expectedError, accuracy }: Calibration, tested: number): TopLevelSpec {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const axis = (field: 'confidence' | 'accuracy', title: string) => ({
    field,
    type: 'quantitative' as const,
    title,
    scale: { domain: [0, 1] },
    axis: { format: '.1f', tickCount: 5 },
  });
  const x = axis('confidence', 'mean confidence of a bin');
  const y = axis('accuracy', 'accuracy');
  const diagonal = [0, 1].map((share) => ({ confidence: share, accuracy: share }));
  const size = {
    field: 'count',
    type: 'quantitative' as const,
    title: 'images',
    scale: { rangeMax: 900, rangeMin: 0, zero: true },
    legend: { orient: 'bottom-right' as const, offset: 12, symbolFillColor: colors.blue, tickCount: 3 },
  };
  return {
    title: {
      text: 'Calibration of the kernel memory',
      subtitle: [
        `${tested} test images, accuracy ${percent(accuracy)},`,
        `expected calibration error ${percent(expectedError)}`,
      ],
    },
    width: 420,
    height: 420,
    layer: [
      {
        data: { values: diagonal },
        mark: { type: 'line', color: '#888888', strokeDash: [5, 4] },
        encoding: { x, y },
      },
      {
        data: { values: [...bins] },
        mark: { type: 'circle', color: colors.blue, opacity: 0.85 },
        encoding: { x, y, size },
      },
    ],
  };
}
