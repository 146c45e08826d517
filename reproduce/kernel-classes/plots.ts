// The reliability diagram: how often a class is right, over how sure the memory is of it.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../plot.js';
import type { Calibration } from './calibration.js';

/** Accuracy over confidence, above how many images have that confidence. */
export function reliabilityPlot({ bins, expectedError, accuracy }: Calibration, tested: number): TopLevelSpec {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const x = {
    field: 'confidence',
    type: 'quantitative' as const,
    title: 'largest density, the mean of a bin',
    scale: { domain: [0, 1] },
    axis: { format: '.1f' },
  };
  const y = {
    field: 'accuracy',
    type: 'quantitative' as const,
    title: 'share classified rightly',
    scale: { domain: [0, 1] },
    axis: { format: '.1f' },
  };
  const even = [
    { confidence: 0, accuracy: 0 },
    { confidence: 1, accuracy: 1 },
  ];
  return {
    title: {
      text: 'Are the class densities to be believed?',
      subtitle: `${tested} test images, accuracy ${percent(accuracy)}, expected calibration error ${percent(expectedError)}`,
    },
    data: { values: [...bins] },
    vconcat: [
      {
        width: 360,
        height: 360,
        layer: [
          {
            data: { values: even },
            mark: { type: 'line', color: '#888888', strokeDash: [5, 4] },
            encoding: { x, y },
          },
          {
            mark: { type: 'line', point: { size: 60, color: colors.blue }, color: colors.blue, strokeWidth: 2 },
            encoding: { x, y },
          },
        ],
      },
      {
        width: 360,
        height: 90,
        mark: { type: 'bar', color: colors.blue, width: 14 },
        encoding: { x, y: { field: 'count', type: 'quantitative', title: 'images', axis: { tickCount: 3 } } },
      },
    ],
  };
}
