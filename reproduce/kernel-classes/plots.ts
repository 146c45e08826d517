// The reliability diagram: how often a class is right, over how sure the memory is of it.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import type { Calibration } from './calibration.js';

/** Accuracy over confidence; the area of a dot is how many images have that confidence. */
export function reliabilityPlot({ bins, expectedError, accuracy }: Calibration, tested: number): TopLevelSpec {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const axis = (field: 'confidence' | 'accuracy', title: string) => ({
    field,
    type: 'quantitative' as const,
    title,
    scale: { domain: [0, 1] },
    axis: { format: '.1f', tickCount: 5 },
  });
  const x = axis('confidence', 'largest density, mean of a bin');
  const y = axis('accuracy', 'share classified rightly');
  const even = [0, 1].map((share) => ({ confidence: share, accuracy: share }));
  const size = {
    field: 'count',
    type: 'quantitative' as const,
    title: 'images',
    scale: { rangeMax: 900, rangeMin: 0, zero: true },
    legend: { orient: 'bottom-right' as const, offset: 12, symbolFillColor: colors.blue, tickCount: 3 },
  };
  return {
    title: {
      text: 'Are the densities to be believed?',
      subtitle: [
        `${tested} test images, accuracy ${percent(accuracy)},`,
        `expected calibration error ${percent(expectedError)}`,
      ],
    },
    width: 420,
    height: 420,
    layer: [
      {
        data: { values: even },
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
