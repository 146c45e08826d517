// Refused arguments of ops that have no test file of their own. A refused call takes no memory.
import test from 'ava';
import {
  addBias,
  concat,
  contentWeights,
  conv2d,
  convTranspose2d,
  expand,
  headParameters,
  linear,
  load,
  logSoftmax,
  lstmCell,
  matmul,
  memoryRead,
  memoryWrite,
  reshape,
  type Shape,
  softmax,
  split,
  stack,
  type Tensor,
  transpose,
  unbind,
} from '../index.js';

const runtime = await load();
const made = new Map<string, Tensor>();

/** Zeros of this shape, made once a test: a second call of an op then allocates nothing for its arguments. */
function zeros(...shape: Shape): Tensor {
  const tensor = made.get(`${shape}`) ?? runtime.zeros(shape);
  made.set(`${shape}`, tensor);
  return tensor;
}

/** The calls of one test, each with the message of its RangeError, or of its TypeError. */
interface Faults {
  readonly range?: readonly (readonly [call: () => unknown, message: string])[];
  readonly type?: readonly (readonly [call: () => unknown, message: string])[];
}

const faults: Record<string, () => Faults> = {
  concat() {
    const [a, b, scalar] = [zeros(2, 3), zeros(3, 3), zeros()];
    return {
      range: [
        [() => concat([]), 'concat: tensors must hold at least one Tensor, got []'],
        [() => concat([scalar]), 'concat: tensors[0] must have at least 1 dimension, got []'],
        [() => concat([a, a, b]), 'concat: tensors[2] must have shape [2, *], got [3, 3]'],
        [() => concat([a, scalar], 0), 'concat: tensors[1] must have shape [*, 3], got []'],
        [() => concat([a, a], 2), 'concat: dim must name one of 2 dimensions, got 2'],
      ],
      type: [
        [() => concat(undefined as never), 'concat: tensors must be an array of Tensors, got undefined'],
        [() => concat(a as never), 'concat: tensors must be an array of Tensors, got a Tensor'],
        [() => concat([a, null as never]), 'concat: tensors[1] must be a Tensor, got null'],
        [() => concat([undefined, a] as never), 'concat: tensors[0] must be a Tensor, got undefined'],
      ],
    };
  },
  'stack and unbind'() {
    const [a, b] = [zeros(2, 3), zeros(3)];
    return {
      range: [
        [() => stack([]), 'stack: tensors must hold at least one Tensor, got []'],
        [() => stack([a, a, b]), 'stack: tensors[2] must have the shape of tensors[0] [2, 3], got [3]'],
        [() => unbind(zeros()), 'unbind: x must have at least 1 dimension, got []'],
      ],
      type: [
        [() => stack(null as never), 'stack: tensors must be an array of Tensors, got null'],
        [() => stack([a, 1 as never]), 'stack: tensors[1] must be a Tensor, got 1'],
        [() => unbind([a] as never), 'unbind: x must be a Tensor, got [a Tensor]'],
      ],
    };
  },
  split() {
    const x = zeros(2, 3);
    return {
      range: [
        [() => split(x, [1, 1]), 'split: sizes must sum to 3, got [1, 1]'],
        [() => split(x, [4, -1]), 'split: sizes[1] must be an integer ≥ 0, got -1'],
        [() => split(x, [1.5, 1.5]), 'split: sizes[0] must be an integer ≥ 0, got 1.5'],
        [() => split(x, [2], 7), 'split: dim must name one of 2 dimensions, got 7'],
      ],
      type: [[() => split(x, 3 as never), 'split: sizes must be an array of integers, got 3']],
    };
  },
  'reshape, expand and transpose'() {
    const x = zeros(2, 3);
    return {
      range: [
        [() => reshape(x, [4]), 'reshape: shape must hold 6 elements, got [4]'],
        [() => reshape(x, [-1]), 'reshape: shape must hold non-negative integers, got [-1]'],
        [() => expand(x, 2), 'expand: x must have a first dimension of size 1, got [2, 3]'],
        [() => expand(zeros(1), -1), 'expand: rows must be an integer ≥ 0, got -1'],
        [() => transpose(zeros(3)), 'transpose: x must have at least 2 dimensions, got [3]'],
      ],
      type: [[() => reshape(x, 6 as never), 'reshape: shape must be an array of dimensions, got 6']],
    };
  },
  matmul() {
    const [a, b] = [zeros(2, 3), zeros(4, 5)];
    return {
      range: [
        [() => matmul(a, b), 'matmul: b must have 3 rows, as a has columns, got [4, 5]'],
        [
          () => matmul(a, b, { transposeA: true, transposeB: true }),
          'matmul: b must have 2 columns, as a has rows, got [4, 5]',
        ],
        [() => matmul(zeros(3), b), 'matmul: a must have 2 or 3 dimensions, got [3]'],
        [() => matmul(a, zeros(1, 1, 3, 2)), 'matmul: b must have 2 or 3 dimensions, got [1, 1, 3, 2]'],
        [() => matmul(zeros(2, 1, 3), zeros(4, 3, 1)), 'matmul: b must have batch size 2, that of a, got [4, 3, 1]'],
      ],
      type: [
        [() => matmul(a, b, true as never), 'matmul: options must be an object, got true'],
        [() => matmul(a, b, { transposeA: 1 as never }), 'matmul: transposeA must be true or false, got 1'],
        [() => matmul(a, b, { transposeB: 'no' as never }), 'matmul: transposeB must be true or false, got "no"'],
        [
          () => matmul(a, b, { transpose: true } as never),
          'matmul: unknown option "transpose"; options are transposeA, transposeB',
        ],
      ],
    };
  },
  'linear, addBias, softmax and logSoftmax'() {
    const [x, weight, scalar] = [zeros(2, 3), zeros(5, 4), zeros()];
    return {
      range: [
        [() => linear(x, weight), 'linear: weight must have shape [*, 3], got [5, 4]'],
        [() => linear(x, zeros(5, 3), zeros(3)), 'linear: bias must have shape [5], got [3]'],
        [() => linear(scalar, weight), 'linear: x must have at least 1 dimension, got []'],
        [() => addBias(x, zeros(2)), 'addBias: bias must have shape [3], got [2]'],
        [() => softmax(scalar), 'softmax: x must have at least 1 dimension, got []'],
        [() => logSoftmax(scalar), 'logSoftmax: x must have at least 1 dimension, got []'],
      ],
      type: [[() => linear(x, zeros(5, 3), null as never), 'linear: bias must be a Tensor, got null']],
    };
  },
  conv2d() {
    const [x, weight] = [zeros(1, 2, 4, 5), zeros(3, 2, 3, 3)];
    return {
      range: [
        [() => conv2d(zeros(4, 5), weight), 'conv2d: x must have shape [*, *, *, *], got [4, 5]'],
        [() => conv2d(x, zeros(3, 1, 3, 3)), 'conv2d: weight must have shape [*, 2, *, *], got [3, 1, 3, 3]'],
        [() => conv2d(x, weight, zeros(2)), 'conv2d: bias must have shape [3], got [2]'],
        [() => conv2d(zeros(0, 2, 4, 5), weight), 'conv2d: x must hold at least one pixel, got [0, 2, 4, 5]'],
        [() => conv2d(x, zeros(0, 2, 3, 3)), 'conv2d: weight must hold at least one number, got [0, 2, 3, 3]'],
        [
          () => conv2d(x, zeros(3, 2, 7, 3), undefined, { padding: [1, 0] }),
          'conv2d: weight must be no larger than the padded image [6, 5], got [7, 3]',
        ],
        [
          () => conv2d(x, weight, undefined, { stride: 0 }),
          'conv2d: stride must be an integer in [1, 1073741824], got 0',
        ],
        [
          () => conv2d(x, weight, undefined, { stride: [1, 0.5] }),
          'conv2d: stride[1] must be an integer in [1, 1073741824], got 0.5',
        ],
        [
          () => conv2d(x, weight, undefined, { padding: -1 }),
          'conv2d: padding must be an integer in [0, 1073741824], got -1',
        ],
      ],
      type: [
        [() => conv2d(x, weight, { stride: 2 } as never), 'conv2d: bias must be a Tensor, got an Object'],
        [() => conv2d(x, weight, undefined, 2 as never), 'conv2d: options must be an object, got 2'],
        [
          () => conv2d(x, weight, undefined, { dilation: 2 } as never),
          'conv2d: unknown option "dilation"; options are stride, padding',
        ],
        [
          () => conv2d(x, weight, undefined, { stride: [2] as never }),
          'conv2d: stride must be a number or a pair of numbers, got [2]',
        ],
      ],
    };
  },
  convTranspose2d() {
    const [x, weight] = [zeros(1, 2, 1, 2), zeros(2, 3, 3, 3)];
    return {
      range: [
        [
          () => convTranspose2d(x, zeros(3, 2, 3, 3)),
          'convTranspose2d: weight must have shape [2, *, *, *], got [3, 2, 3, 3]',
        ],
        [() => convTranspose2d(x, weight, zeros(2)), 'convTranspose2d: bias must have shape [3], got [2]'],
        [
          () => convTranspose2d(zeros(1, 2, 0, 2), weight),
          'convTranspose2d: x must hold at least one pixel, got [1, 2, 0, 2]',
        ],
        [
          () => convTranspose2d(x, weight, undefined, { padding: 2 }),
          'convTranspose2d: padding must leave at least one output pixel, got [-1, 0]',
        ],
        [
          () => convTranspose2d(x, weight, undefined, { stride: -1 }),
          'convTranspose2d: stride must be an integer in [1, 1073741824], got -1',
        ],
      ],
      type: [
        [
          () => convTranspose2d(x, weight, undefined, { outputPadding: 1 } as never),
          'convTranspose2d: unknown option "outputPadding"; options are stride, padding',
        ],
        [
          () => convTranspose2d(x, weight, undefined, { padding: '1' as never }),
          'convTranspose2d: padding must be a number or a pair of numbers, got "1"',
        ],
      ],
    };
  },
  'memory ops'() {
    const [memory, weights, word] = [zeros(2, 4, 3), zeros(2, 4), zeros(2, 3)];
    return {
      range: [
        [() => memoryRead(word, memory), 'memoryRead: weights must have shape [2, 4], got [2, 3]'],
        [() => memoryWrite(memory, weights, weights, word), 'memoryWrite: erase must have shape [2, 3], got [2, 4]'],
        [() => contentWeights(word, word, memory), 'contentWeights: strength must have shape [2, 1], got [2, 3]'],
      ],
      type: [
        [
          () => memoryWrite(memory, weights, word, undefined as never),
          'memoryWrite: add must be a Tensor, got undefined',
        ],
      ],
    };
  },
  headParameters() {
    const [x, head] = [zeros(2, 9), { wordSize: 3, maxShift: 1, write: false }];
    return {
      range: [
        [() => headParameters(x, { ...head, write: true }), 'headParameters: x must have shape [*, 15], got [2, 9]'],
        [() => headParameters(x, { ...head, maxShift: -1 }), 'headParameters: maxShift must be an integer ≥ 0, got -1'],
        [() => headParameters(x, { ...head, wordSize: 0 }), 'headParameters: wordSize must be an integer ≥ 1, got 0'],
      ],
      type: [
        [() => headParameters(x, undefined as never), 'headParameters: options must be an object, got undefined'],
        [
          () => headParameters(x, { wordSize: 3, maxShift: 1 } as never),
          'headParameters: write must be true or false, got undefined',
        ],
        [
          () => headParameters(x, { ...head, shifts: 3 } as never),
          'headParameters: unknown option "shifts"; options are wordSize, maxShift, write',
        ],
      ],
    };
  },
  lstmCell() {
    const [x, h, weight, bias] = [zeros(2, 3), zeros(2, 4), zeros(16, 3), zeros(16)];
    return {
      range: [
        [
          () => lstmCell(x, h, h, weight, weight, bias, bias),
          'lstmCell: weightHh must have shape [16, 4], got [16, 3]',
        ],
        [
          () => lstmCell(x, h, h, weight, zeros(16, 4), bias, zeros(4)),
          'lstmCell: biasHh must have shape [16], got [4]',
        ],
      ],
    };
  },
};

for (const [name, make] of Object.entries(faults)) {
  test(`${name}: bad arguments are refused by name, without taking memory`, (t) => {
    made.clear();
    runtime.noGrad(() => {
      const { range = [], type = [] } = make();
      for (const [calls, instanceOf] of [
        [range, RangeError],
        [type, TypeError],
      ] as const) {
        for (const [call, message] of calls) {
          t.throws(call, { instanceOf, message });
          const before = runtime.arena.mark();
          t.throws(call);
          t.is(runtime.arena.mark(), before, message);
        }
      }
    });
  });
}

test('an op outside a step is refused without taking memory', (t) => {
  const [x, weight, bias] = [runtime.zeros([2, 4]), runtime.zeros([16, 4]), runtime.zeros([16])];
  const before = runtime.arena.mark();
  t.throws(() => lstmCell(x, x, x, weight, weight, bias, bias), {
    instanceOf: RangeError,
    message: /inside runtime.step/,
  });
  t.is(runtime.arena.mark(), before);
});
