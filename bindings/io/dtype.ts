// The contents of a safetensors file: tensors, their dtypes, and the typed array of each dtype.
import type { Shape } from '../tensor/shape.js';

/** The typed array of each dtype. BOOL has one byte per element. */
interface Arrays {
  F64: Float64Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
  F32: Float32Array;
  I32: Int32Array;
  U32: Uint32Array;
  I16: Int16Array;
  U16: Uint16Array;
  I8: Int8Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}

/** @internal Constructors by dtype. U8 comes before BOOL: it is the default dtype of a Uint8Array. */
export const ARRAYS = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** Element type of a tensor in a safetensors file. */
export type Dtype = keyof Arrays;

/** A tensor read from a safetensors file, discriminated by its dtype. */
export type SafetensorsEntry = {
  [D in Dtype]: {
    /** Element type. */
    readonly dtype: D;
    /** Sizes of the dimensions, outermost first. */
    readonly shape: Shape;
    /** The elements, row-major. */
    readonly data: Arrays[D];
  };
}[Dtype];

/** Contents of a safetensors file. */
export interface Safetensors {
  /** Tensors by name, in the order of the header. */
  readonly tensors: Map<string, SafetensorsEntry>;
  /** Strings by key. */
  readonly metadata: Record<string, string>;
}

/** A tensor to write to a safetensors file. */
export interface SafetensorsInput {
  /** Element type. Default: that of `data`, where a Uint8Array is U8. */
  readonly dtype?: Dtype;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** The elements, row-major. */
  readonly data: Arrays[Dtype];
}

/** @internal Name of the header's entry for metadata, which no tensor may have. */
export const METADATA = '__metadata__';

/** @internal Maximum size of a header: the limit of the reference implementation. */
export const MAX_HEADER_BYTES = 100_000_000;
