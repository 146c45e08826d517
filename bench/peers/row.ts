// A row of the comparison: the same work by tapehead and by a peer, timed if their results agree.
import type { Runtime } from 'tapehead';

/** The work as one library does it. */
export interface Side {
  /** Runs it once. */
  readonly run: () => unknown;
  /** Runs it at least once and returns the result, in a layout shared by both sides. */
  readonly result: () => Float32Array | Promise<Float32Array>;
}

export const peerNames = ['TensorFlow.js', 'onnxruntime-web', 'jax-js'] as const;
export type PeerName = (typeof peerNames)[number];

export interface PeerCase {
  readonly name: string;
  /** Maximum difference of the results, relative to the largest number in ours. */
  readonly tolerance: number;
  readonly ours: (runtime: Runtime) => Side;
  /** Sides of the peers; one that is unsupported throws. The runtime creates the same inputs for each. */
  readonly peers: Readonly<Record<PeerName, (runtime: Runtime) => Side | Promise<Side>>>;
}

export interface Row {
  readonly name: string;
  readonly peer: PeerName;
  /** Median time of our run. */
  readonly ms: number;
  /** Median time of the peer's run; null if it fails or its result differs. */
  readonly peerMs: number | null;
  /** Number of timed calls of the peer. */
  readonly peerCalls?: number;
  /** `peerMs / ms`. */
  readonly ratio: number | null;
  /** Reason why `peerMs` is null. */
  readonly error?: string;
}

/** A row with machine, versions and date. */
export interface MeasuredRow extends Row {
  readonly where: string;
}

/** Median time of a run, and the number of runs. */
export interface Time {
  readonly ms: number;
  readonly calls: number;
}

export type Timer = (run: () => unknown) => Promise<Time>;

/**
 * Compares the results, then times both sides. An error of the peer becomes that of the row; our own errors are thrown.
 */
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

/** Throws a RangeError if the results differ by more than `tolerance` times the largest number in `ours`. */
export function expectSame(ours: Float32Array, theirs: Float32Array, tolerance: number): void {
  if (theirs.length !== ours.length) {
    throw new RangeError(`result has ${theirs.length} numbers instead of ${ours.length}`);
  }
  const largest = ours.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  for (const [i, x] of ours.entries()) {
    const y = theirs[i] as number;
    if (!(Math.abs(x - y) <= tolerance * largest)) {
      throw new RangeError(
        `result differs by more than ${tolerance} of ${largest}: ${y} instead of ${x} at index ${i}`,
      );
    }
  }
}

/** The first line of an error, without paths of this machine. */
function reason(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line.replace(/ imported from .*$/, '').replace(/\S*[\\/]node_modules[\\/]/g, '');
}
