// Synthetic images: random variations of six kinds of shapes.
import type { Random } from 'tapehead';
import { PIXELS, SIDE } from '../shell/pictures.js';

/**
 * Approximate signed distance to the outline of a shape that fills [−1, 1]: negative inside; `w` is the stroke width.
 */
type Outline = (u: number, v: number, w: number) => number;

const box: Outline = (u, v, w) => Math.max(Math.abs(u) - 1, Math.abs(v) - w);
const disc: Outline = (u, v) => Math.sqrt(u * u + v * v) - 1;
const triangle: Outline = (u, v) => Math.max(-0.8 - v, 0.87 * Math.abs(u) + 0.5 * v - 0.5);
const hollow = (outline: Outline, at: number): Outline => {
  return (u, v, w) => Math.abs(outline(u, v, 0.8) + at) - 0.4 * w;
};

const outlines: readonly Outline[] = [
  (u, v, w) => box(u, v, 0.4 + w),
  (u, v, w) => Math.min(box(u, v, 0.6 * w), box(v, u, 0.6 * w)),
  hollow(box, 0.2),
  hollow(disc, 0.2),
  triangle,
  (u, v, w) => Math.min(box(u, v - 0.6, 0.5 * w), box(u, v + 0.6, 0.5 * w)),
];

/** Random numbers per shape. */
const DRAWN = 9;

/** Draws grey images [count, 28·28], 0 black and 1 white. */
export function shapes(random: Random, count: number): Float32Array {
  const drawn = random.runtime.step(() => random.uniform([count, DRAWN]).toArray());
  const pictures = new Float32Array(count * PIXELS);
  for (let i = 0; i < count; i++) {
    draw(pictures.subarray(i * PIXELS, (i + 1) * PIXELS), drawn.subarray(i * DRAWN, (i + 1) * DRAWN));
  }
  return pictures;
}

function draw(picture: Float32Array, drawn: Float32Array): void {
  const [kind, x, y, size, tilt, stretch, stroke, light, shade] = drawn;
  const outline = outlines[Math.floor(kind * outlines.length)] as Outline;
  const radius = 6.5 + 4 * size;
  const [cx, cy] = [13.5 + 4 * (x - 0.5), 13.5 + 4 * (y - 0.5)];
  // A rotation of up to 27 degrees in either direction.
  const sine = 0.9 * (tilt - 0.5);
  const cosine = Math.sqrt(1 - sine * sine);
  for (let i = 0; i < PIXELS; i++) {
    const [dx, dy] = [(i % SIDE) - cx, Math.floor(i / SIDE) - cy];
    const u = (cosine * dx + sine * dy) / radius;
    const v = (cosine * dy - sine * dx) / (radius * (0.75 + 0.4 * stretch));
    const covered = Math.min(Math.max(0.5 - radius * outline(u, v, 0.3 + 0.4 * stroke), 0), 1);
    const brightness = 0.55 + 0.45 * light + 0.35 * (shade - 0.5) * v;
    picture[i] = covered * Math.min(Math.max(brightness, 0), 1);
  }
}
