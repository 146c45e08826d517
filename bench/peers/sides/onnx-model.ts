// ONNX models built in memory, with the messages of onnx.proto that a graph of float32 tensors needs.
import protobuf from 'protobufjs';
import type { Shape } from 'tapehead';
import type { Operand } from './tapehead.js';

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Integers and lists of integers. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

export interface OnnxGraph {
  readonly inputs: Readonly<Record<string, Shape>>;
  readonly outputs: readonly string[];
  /** Initializers of the graph. */
  readonly constants?: Readonly<Record<string, Operand>>;
  readonly nodes: readonly OnnxNode[];
}

const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message ModelProto { int64 ir_version = 1; GraphProto graph = 7; repeated OperatorSet opset_import = 8; }
  message OperatorSet { string domain = 1; int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfo input = 11; repeated ValueInfo output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5;
  }
  message Attribute { string name = 1; int64 i = 3; repeated int64 ints = 8 [packed = false]; int32 type = 20; }
  message TensorProto { repeated int64 dims = 1 [packed = false]; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message ValueInfo { string name = 1; Type type = 2; }
  message Type { TensorType tensor_type = 1; }
  message TensorType { int32 elem_type = 1; TensorShape shape = 2; }
  message TensorShape { repeated Dimension dim = 1; }
  message Dimension { int64 dim_value = 1; }
`,
  { keepCase: true },
);
const Model = root.lookupType('ModelProto');

const FLOAT = 1;
const [INT, INTS] = [2, 7];
const [IR_VERSION, OPSET] = [8, 17];

export function onnxModel({ inputs, outputs, constants = {}, nodes }: OnnxGraph): Uint8Array {
  const graph = {
    name: 'graph',
    node: nodes.map(({ op, inputs, outputs, attributes = {} }) => ({
      input: inputs,
      output: outputs,
      op_type: op,
      attribute: Object.entries(attributes).map(([name, value]) =>
        typeof value === 'number' ? { name, i: value, type: INT } : { name, ints: value, type: INTS },
      ),
    })),
    initializer: Object.entries(constants).map(([name, { shape, data }]) => ({
      name,
      dims: shape,
      data_type: FLOAT,
      raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
    input: Object.entries(inputs).map(([name, shape]) => ({
      name,
      type: { tensor_type: { elem_type: FLOAT, shape: { dim: shape.map((size) => ({ dim_value: size })) } } },
    })),
    output: outputs.map((name) => ({ name, type: { tensor_type: { elem_type: FLOAT } } })),
  };
  const model = { ir_version: IR_VERSION, opset_import: [{ domain: '', version: OPSET }], graph };
  return Model.encode(Model.fromObject(model)).finish();
}
