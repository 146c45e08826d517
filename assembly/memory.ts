// Reading and writing the memory M [B, N, W] under the weights w [B, N] of a head.
import { addWeighted, Columns } from './columns';
import { Simd } from './simd/simd';

/** r[b, c] = Σ_i w[b, i] · M[b, i, c]. */
export function memoryRead(r: usize, w: usize, memory: usize, batch: u32, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    for (let c: usize = 0; c < stride; c += 4) store<f32>(r + c, 0);
    addWeighted(r, w, 4, memory, rows, cols);
    r += stride;
    w += (<usize>rows) << 2;
    memory += <usize>rows * stride;
  }
}

/**
 * dw[b, i] += Σ_c dr[b, c] · M[b, i, c] and dM[b, i, c] += w[b, i] · dr[b, c]; dw and dM may be 0.
 * Derived in docs/derivations.md#memoryread.
 */
export function memoryReadBackward(
  dw: usize,
  dmemory: usize,
  dr: usize,
  w: usize,
  memory: usize,
  batch: u32,
  rows: u32,
  cols: u32,
): void {
  const stride = (<usize>cols) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    const row = <usize>b * rows;
    if (dw) addDots(dw + (row << 2), memory + row * stride, dr, rows, cols);
    if (dmemory) addOuterProduct(dmemory + row * stride, w + (row << 2), dr, rows, cols);
    dr += stride;
  }
}

function addDots(d: usize, memory: usize, x: usize, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  let c: usize = 0;
  for (; c + 80 <= stride; c += 80) Columns.addDots(d, memory + c, x + c, rows, stride, 20);
  for (; c + 16 <= stride; c += 16) Columns.addDots(d, memory + c, x + c, rows, stride, 4);
  if (c < stride) Columns.addDots(d, memory + c, x + c, rows, stride, cols & 3);
}

function addOuterProduct(memory: usize, w: usize, x: usize, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  let c: usize = 0;
  for (; c + 80 <= stride; c += 80) Columns.addOuterProduct(memory + c, w, x + c, rows, stride, 20);
  for (; c + 16 <= stride; c += 16) Columns.addOuterProduct(memory + c, w, x + c, rows, stride, 4);
  if (c < stride) Columns.addOuterProduct(memory + c, w, x + c, rows, stride, cols & 3);
}

/** out[b, i, c] = M[b, i, c] · (1 − w[b, i] · e[b, c]) + w[b, i] · a[b, c]. */
export function memoryWrite(
  out: usize,
  memory: usize,
  w: usize,
  erase: usize,
  add: usize,
  batch: u32,
  rows: u32,
  cols: u32,
): void {
  const stride = (<usize>cols) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    let c: usize = 0;
    for (; c + 80 <= stride; c += 80) Write.forward(out, memory, w, erase, add, c, rows, stride, 20);
    for (; c + 16 <= stride; c += 16) Write.forward(out, memory, w, erase, add, c, rows, stride, 4);
    if (c < stride) Write.forward(out, memory, w, erase, add, c, rows, stride, cols & 3);
    out += <usize>rows * stride;
    memory += <usize>rows * stride;
    w += (<usize>rows) << 2;
    erase += stride;
    add += stride;
  }
}

/**
 * For each sample: dw[i] += Σ_c dout[i, c] · (a[c] − M[i, c] · e[c]), de[c] −= Σ_i w[i] · dout[i, c] · M[i, c],
 * da[c] += Σ_i w[i] · dout[i, c] and dM[i, c] += dout[i, c] · (1 − w[i] · e[c]).
 * Each gradient may be 0. Where dM is dout itself it is overwritten: the upstream gradient becomes the memory's.
 * Derived in docs/derivations.md#memorywrite.
 */
export function memoryWriteBackward(
  dmemory: usize,
  dw: usize,
  derase: usize,
  dadd: usize,
  dout: usize,
  memory: usize,
  w: usize,
  erase: usize,
  add: usize,
  batch: u32,
  rows: u32,
  cols: u32,
): void {
  const stride = (<usize>cols) << 2;
  const size = <usize>rows * stride;
  const inPlace = dmemory === dout;
  for (let b: u32 = 0; b < batch; b++) {
    Write.backward(dw, derase, dadd, dout, memory, w, erase, add, rows, cols, inPlace);
    if (dmemory && !inPlace) addKept(dmemory, dout, w, erase, rows, cols);
    if (dmemory) dmemory += size;
    if (dw) dw += (<usize>rows) << 2;
    if (derase) derase += stride;
    if (dadd) dadd += stride;
    dout += size;
    memory += size;
    w += (<usize>rows) << 2;
    erase += stride;
    add += stride;
  }
}

/** dM[i, c] += dout[i, c] · (1 − w[i] · e[c]). */
function addKept(dmemory: usize, dout: usize, w: usize, erase: usize, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  let c: usize = 0;
  for (; c + 80 <= stride; c += 80) Write.addKept(dmemory + c, dout + c, w, erase + c, rows, stride, 20);
  for (; c + 16 <= stride; c += 16) Write.addKept(dmemory + c, dout + c, w, erase + c, rows, stride, 4);
  if (c < stride) Write.addKept(dmemory + c, dout + c, w, erase + c, rows, stride, cols & 3);
}

/** Passes as in `Columns`, some from byte c of a row on. Backward, registers hold at most 8 columns. */
class Write {
  @inline static forward(
    out: usize,
    memory: usize,
    w: usize,
    erase: usize,
    add: usize,
    c: usize,
    rows: u32,
    stride: usize,
    columns: u32,
  ): void {
    const wide = columns === 20;
    const e0 = Simd.load(erase + c, columns);
    const e1 = wide ? v128.load(erase + c, 16) : e0;
    const e2 = wide ? v128.load(erase + c, 32) : e0;
    const e3 = wide ? v128.load(erase + c, 48) : e0;
    const e4 = wide ? v128.load(erase + c, 64) : e0;
    const a0 = Simd.load(add + c, columns);
    const a1 = wide ? v128.load(add + c, 16) : a0;
    const a2 = wide ? v128.load(add + c, 32) : a0;
    const a3 = wide ? v128.load(add + c, 48) : a0;
    const a4 = wide ? v128.load(add + c, 64) : a0;
    let m = memory + c;
    let y = out + c;
    for (const end = w + ((<usize>rows) << 2); w < end; w += 4) {
      const weight = v128.load32_splat(w);
      Simd.store(y, Simd.madd(weight, a0, Write.kept(Simd.load(m, columns), weight, e0)), columns);
      if (wide) {
        v128.store(y, Simd.madd(weight, a1, Write.kept(v128.load(m, 16), weight, e1)), 16);
        v128.store(y, Simd.madd(weight, a2, Write.kept(v128.load(m, 32), weight, e2)), 32);
        v128.store(y, Simd.madd(weight, a3, Write.kept(v128.load(m, 48), weight, e3)), 48);
        v128.store(y, Simd.madd(weight, a4, Write.kept(v128.load(m, 64), weight, e4)), 64);
      }
      m += stride;
      y += stride;
    }
  }

  /** x · (1 − w · e). */
  @inline static kept(x: v128, w: v128, e: v128): v128 {
    return f32x4.mul(x, f32x4.sub(f32x4.splat(1), f32x4.mul(w, e)));
  }

  @inline static addKept(dm: usize, dy: usize, w: usize, erase: usize, rows: u32, stride: usize, columns: u32): void {
    const wide = columns === 20;
    const e0 = Simd.load(erase, columns);
    const e1 = wide ? v128.load(erase, 16) : e0;
    const e2 = wide ? v128.load(erase, 32) : e0;
    const e3 = wide ? v128.load(erase, 48) : e0;
    const e4 = wide ? v128.load(erase, 64) : e0;
    for (const end = w + ((<usize>rows) << 2); w < end; w += 4) {
      const weight = v128.load32_splat(w);
      Columns.add(dm, Write.kept(Simd.load(dy, columns), weight, e0), columns);
      if (wide) {
        v128.store(dm, f32x4.add(v128.load(dm, 16), Write.kept(v128.load(dy, 16), weight, e1)), 16);
        v128.store(dm, f32x4.add(v128.load(dm, 32), Write.kept(v128.load(dy, 32), weight, e2)), 32);
        v128.store(dm, f32x4.add(v128.load(dm, 48), Write.kept(v128.load(dy, 48), weight, e3)), 48);
        v128.store(dm, f32x4.add(v128.load(dm, 64), Write.kept(v128.load(dy, 64), weight, e4)), 64);
      }
      dm += stride;
      dy += stride;
    }
  }

  /** All gradients of one sample, dM only if in place. */
  @inline static backward(
    dw: usize,
    derase: usize,
    dadd: usize,
    dout: usize,
    memory: usize,
    w: usize,
    erase: usize,
    add: usize,
    rows: u32,
    cols: u32,
    inPlace: bool,
  ): void {
    const stride = (<usize>cols) << 2;
    let c: usize = 0;
    for (; c + 32 <= stride; c += 32)
      Write.columnsBackward(dw, derase, dadd, dout, memory, w, erase, add, c, rows, stride, 8, inPlace);
    for (; c + 16 <= stride; c += 16)
      Write.columnsBackward(dw, derase, dadd, dout, memory, w, erase, add, c, rows, stride, 4, inPlace);
    if (c < stride)
      Write.columnsBackward(dw, derase, dadd, dout, memory, w, erase, add, c, rows, stride, cols & 3, inPlace);
  }

  @inline static columnsBackward(
    dw: usize,
    derase: usize,
    dadd: usize,
    dout: usize,
    memory: usize,
    w: usize,
    erase: usize,
    add: usize,
    c: usize,
    rows: u32,
    stride: usize,
    columns: u32,
    inPlace: bool,
  ): void {
    const pair = columns === 8;
    const e0 = Simd.load(erase + c, columns);
    const e1 = pair ? v128.load(erase + c, 16) : e0;
    const a0 = Simd.load(add + c, columns);
    const a1 = pair ? v128.load(add + c, 16) : a0;
    let de0 = f32x4.splat(0);
    let de1 = de0;
    let da0 = de0;
    let da1 = de0;
    let m = memory + c;
    let dy = dout + c;
    for (const end = w + ((<usize>rows) << 2); w < end; w += 4) {
      const weight = v128.load32_splat(w);
      const m0 = Simd.load(m, columns);
      const g0 = Simd.load(dy, columns);
      const h0 = f32x4.mul(weight, g0);
      let dot = f32x4.mul(g0, f32x4.sub(a0, f32x4.mul(m0, e0)));
      da0 = f32x4.add(da0, h0);
      de0 = Simd.madd(h0, m0, de0);
      if (inPlace) Simd.store(dy, f32x4.sub(g0, f32x4.mul(h0, e0)), columns);
      if (pair) {
        const m1 = v128.load(m, 16);
        const g1 = v128.load(dy, 16);
        const h1 = f32x4.mul(weight, g1);
        dot = Simd.madd(g1, f32x4.sub(a1, f32x4.mul(m1, e1)), dot);
        da1 = f32x4.add(da1, h1);
        de1 = Simd.madd(h1, m1, de1);
        if (inPlace) v128.store(dy, f32x4.sub(g1, f32x4.mul(h1, e1)), 16);
      }
      if (dw) {
        store<f32>(dw, load<f32>(dw) + Simd.sum(dot));
        dw += 4;
      }
      m += stride;
      dy += stride;
    }
    if (derase) {
      Columns.add(derase + c, f32x4.neg(de0), columns);
      if (pair) Columns.add(derase + c + 16, f32x4.neg(de1), 4);
    }
    if (dadd) {
      Columns.add(dadd + c, da0, columns);
      if (pair) Columns.add(dadd + c + 16, da1, 4);
    }
  }
}
