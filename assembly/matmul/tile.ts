// Sizes of the register tiles of matrix multiplication, and how they read and write C.
import { Simd } from '../simd/simd';

/** Rows of a tile, and of a panel of A. Fused multiply-adds leave room for 12 sums, enough to hide their latency. */
export const ROWS: u32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

export class Tile {
  /** Columns of the panel that begins where `left` columns are left. */
  @inline static width(left: u32): u32 {
    return left > 4 ? 8 : 4;
  }

  /** The first `count` (1 to 4) floats at x. */
  @inline static get(x: usize, count: u32): v128 {
    return count === 4 ? v128.load(x) : Simd.loadTail(x, count);
  }

  /** c (+)= x in the first `count` (1 to 4) lanes. */
  @inline static put(c: usize, x: v128, count: u32, add: bool): void {
    const sum = add ? f32x4.add(Tile.get(c, count), x) : x;
    if (count === 4) v128.store(c, sum);
    else Simd.storeTail(c, sum, count);
  }
}
