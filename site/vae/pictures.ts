// Synthetic landscapes, the training pictures until the user drops others.
import { Random, type Runtime } from 'tapehead';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGB bytes, row-major. */
  readonly data: Uint8Array;
}

type Color = readonly [red: number, green: number, blue: number];
/** Color at a position in [0, 1]², or undefined where the layer is transparent. */
type Layer = (x: number, y: number) => Color | undefined;

const COUNT = 24;
const SIZE = 64;
/** Samples per pixel in each direction. */
const SAMPLES = 2;

const skies: readonly (readonly [top: Color, bottom: Color])[] = [
  [
    [56, 120, 200],
    [190, 220, 240],
  ],
  [
    [30, 34, 84],
    [226, 120, 90],
  ],
  [
    [96, 150, 190],
    [246, 226, 190],
  ],
  [
    [20, 24, 50],
    [70, 84, 130],
  ],
];
const suns: readonly Color[] = [
  [252, 226, 120],
  [250, 244, 224],
  [240, 110, 70],
];
const hills: readonly Color[] = [
  [84, 96, 130],
  [110, 84, 110],
  [60, 104, 96],
  [130, 120, 104],
];
const grounds: readonly Color[] = [
  [70, 130, 60],
  [150, 140, 70],
  [40, 90, 60],
  [220, 226, 234],
  [190, 150, 100],
];
const walls: readonly Color[] = [
  [230, 220, 200],
  [190, 80, 64],
  [90, 130, 170],
  [240, 196, 90],
  [150, 150, 156],
];
const roofs: readonly Color[] = [
  [130, 50, 40],
  [60, 60, 70],
  [90, 70, 50],
];
const trees: readonly Color[] = [
  [34, 84, 44],
  [70, 110, 40],
  [170, 90, 30],
];
const TRUNK: Color = [84, 60, 40];
const LIT: Color = [255, 236, 150];
const DARK: Color = [40, 44, 60];

/** Draws landscapes with houses. They use no `Math.sin`, so they are the same in every browser. */
export function syntheticPictures(runtime: Runtime): Picture[] {
  const random = new Random(runtime, 1);
  return Array.from({ length: COUNT }, () => paint(landscape(random)));
}

function landscape(random: Random): Layer[] {
  const between = (low: number, high: number) => low + ((high - low) * random.integer(0, 1001)) / 1000;
  const one = <Kind>(of: readonly Kind[]): Kind => of[random.integer(0, of.length)] as Kind;
  const some = (most: number, layers: () => Layer[]) =>
    Array.from({ length: random.integer(1, most + 1) }, layers).flat();
  const [top, bottom] = one(skies);
  const horizon = between(0.55, 0.75);
  const ground = one(grounds);
  return [
    (_, y) => eachPart(top, (value, i) => value + y * ((bottom[i] as number) - value)),
    disc(between(0.1, 0.9), between(0.1, 0.4), between(0.06, 0.13), one(suns)),
    ...some(3, () => [triangle(between(0, 1), horizon, between(0.2, 0.5), between(0.15, 0.45), one(hills))]),
    (_, y) => (y > horizon ? eachPart(ground, (value) => value * (1.25 - 0.5 * y)) : undefined),
    ...some(3, () => tree(between(0.05, 0.95), between(horizon, 0.9), between(0.12, 0.3), one(trees))),
    ...some(2, () => house(between(0.05, 0.7), between(horizon + 0.05, 0.97), one(walls), one(roofs), between)),
  ];
}

function eachPart([red, green, blue]: Color, part: (value: number, i: number) => number): Color {
  return [part(red, 0), part(green, 1), part(blue, 2)];
}

function house(
  left: number,
  bottom: number,
  wall: Color,
  roof: Color,
  between: (low: number, high: number) => number,
): Layer[] {
  const [width, height] = [between(0.2, 0.42), between(0.16, 0.3)];
  const top = bottom - height;
  const windows = Array.from({ length: 3 }, (_, i) => {
    const from = left + width * (0.1 + 0.3 * i);
    return box(from, top + 0.25 * height, from + 0.2 * width, top + 0.6 * height, between(0, 1) < 0.5 ? LIT : DARK);
  });
  return [
    box(left, top, left + width, bottom, wall),
    triangle(left + width / 2, top, 0.6 * width, 0.4 * width, roof),
    ...windows,
  ];
}

function tree(x: number, bottom: number, height: number, color: Color): Layer[] {
  const crown = bottom - 0.7 * height;
  return [box(x - 0.012, crown, x + 0.012, bottom, TRUNK), disc(x, crown, 0.35 * height, color)];
}

function box(left: number, top: number, right: number, bottom: number, color: Color): Layer {
  return (x, y) => (x >= left && x < right && y >= top && y < bottom ? color : undefined);
}

function disc(centerX: number, centerY: number, radius: number, color: Color): Layer {
  return (x, y) =>
    (x - centerX) * (x - centerX) + (y - centerY) * (y - centerY) < radius * radius ? color : undefined;
}

/** An isosceles triangle on `base`, with its tip above `middle`. */
function triangle(middle: number, base: number, half: number, height: number, color: Color): Layer {
  return (x, y) => (y <= base && Math.abs(x - middle) / half < 1 - (base - y) / height ? color : undefined);
}

/** Paints later layers over earlier ones. */
function paint(layers: readonly Layer[]): Picture {
  const data = new Uint8Array(3 * SIZE * SIZE);
  for (let pixel = 0; pixel < SIZE * SIZE; pixel++) {
    const sums: [number, number, number] = [0, 0, 0];
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
      const x = ((pixel % SIZE) + ((sample % SAMPLES) + 0.5) / SAMPLES) / SIZE;
      const y = (Math.floor(pixel / SIZE) + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / SIZE;
      const [red, green, blue] = colorAt(layers, x, y);
      sums[0] += red;
      sums[1] += green;
      sums[2] += blue;
    }
    data.set(
      sums.map((sum) => Math.min(255, Math.round(sum / SAMPLES ** 2))),
      3 * pixel,
    );
  }
  return { width: SIZE, height: SIZE, data };
}

function colorAt(layers: readonly Layer[], x: number, y: number): Color {
  for (let i = layers.length - 1; i >= 0; i--) {
    const color = layers[i]?.(x, y);
    if (color !== undefined) return color;
  }
  return DARK;
}
