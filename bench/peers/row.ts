// One row of the comparison: a piece of work done by tapehead and by a peer, compared first and timed only where both agree.
import type { Runtime } from 'tapehead';

/** The same work done by one of the two. */
export interface Side {
  /** Does it once. */
  readonly run: () => unknown;
  /** Does it at least once and tells what came out, in the order and layout that both sides share. */
  readonly result: () => Float32Array | Promise<Float32Array>;
}

export const peerNames = ['TensorFlow.js', 'onnxruntime-web', 'jax-js'] as const;
export type PeerName = (typeof peerNames)[number];

export interface PeerCase {
  readonly name: string;
  /** Largest difference of two results, as a share of the largest number in ours. */
  readonly tolerance: number;
  readonly ours: (runtime: Runtime) => Side;
  /** How each peer does it; a peer that cannot throws. The runtime makes the same inputs again. */
  readonly peers: Readonly<Record<PeerName, (runtime: Runtime) => Side | Promise<Side>>>;
}

export interface Row {
  readonly name: string;
  readonly peer: PeerName;
  /** Median time of one run of ours. */
  readonly ms: number;
  /** The peer's; null where it cannot do the work, or comes to another result. */
  readonly peerMs: number | null;
  /** How many calls of the peer that is the median of. */
  readonly peerCalls?: number;
  /** The peer's time over ours. */
  readonly ratio: number | null;
  /** Why there is no time of the peer. */
  readonly error?: string;
}

/** A row with the machine, versions and date that it comes from. */
export interface MeasuredRow extends Row {
  readonly where: string;
}

/** Median milliseconds of a run, and of how many. */
export interface Time {
  readonly ms: number;
  readonly calls: number;
}

export type Timer = (run: () => unknown) => Promise<Time>;

/** Compares, then times. What the peer throws becomes the row's error; what we throw is ours to mend, and is thrown. */
export async function rowOf(bench: PeerCase, peer: PeerName, runtime: Runtime, time: Timer): Promise<Row> {
  const { name } = bench;
  const ours = bench.ours(runtime);
  const expected = await ours.result();
  try {
    const theirs = await bench.peers[peer](runtime);
    expectSame(expected, await theirs.result(), bench.tolerance);
    const { ms: peerMs, calls: peerCalls } = await time(theirs.run);
    const { ms } = await time(ours.run);
    return { name, peer, ms, peerMs, peerCalls, ratio: peerMs / ms };
  } catch (error) {
    const { ms } = await time(ours.run);
    return { name, peer, ms, peerMs: null, ratio: null, error: reason(error) };
  }
}

/** Throws a RangeError where two results differ by more than `tolerance` times the largest number in `ours`. */
export function expectSame(ours: Float32Array, theirs: Float32Array, tolerance: number): void {
  if (theirs.length !== ours.length) {
    throw new RangeError(`results must have ${ours.length} numbers, got ${theirs.length}`);
  }
  const largest = ours.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  for (const [i, x] of ours.entries()) {
    const y = theirs[i] as number;
    if (!(Math.abs(x - y) <= tolerance * largest)) {
      throw new RangeError(`results must agree to ${tolerance} of ${largest}, got ${y} for ${x} at ${i}`);
    }
  }
}

/** The first line of what was thrown, without paths of this machine. */
function reason(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/ imported from .*$/, '').replace(/\S*[\\/]node_modules[\\/]/g, '');
}
