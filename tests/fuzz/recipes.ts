// Valid arguments of ops, tensors, runtimes and optimizers, by name: hostile values replace parts of them.
import { array, type Choice, type Expression, expression, literal, object } from './expression.js';

/** Makes the parts of valid arguments. */
export class Cook {
  constructor(readonly choice: Choice) {}

  /** A size of a dimension. */
  size(max = 5): number {
    return 1 + this.choice.index(max);
  }

  /** A tensor of numbers in (low, high). */
  tensor(shape: readonly number[], low = -1, high = 1): Expression {
    const requiresGrad = this.choice.chance(0.3);
    const range = low === -1 && high === 1 ? '' : ` in (${low}, ${high})`;
    return expression(`tensor[${shape.join(', ')}]${range}${requiresGrad ? ' trained' : ''}`, ({ runtime }) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      const at = (i: number) => low + (high - low) * (0.5 + 0.49 * Math.sin(12.9898 * (i + 1)));
      return runtime.tensor(
        Float32Array.from({ length: size }, (_, i) => at(i)),
        shape,
        { requiresGrad },
      );
    });
  }

  number(low: number, high: number): Expression {
    return literal(Number((low + (high - low) * this.choice.next()).toPrecision(3)));
  }

  integer(low: number, high: number): Expression {
    return literal(low + this.choice.index(high - low + 1));
  }

  boolean(): Expression {
    return literal(this.choice.chance(0.5));
  }

  /** `given`, or undefined. */
  maybe(given: Expression): Expression | undefined {
    return this.choice.chance(0.5) ? given : undefined;
  }

  oneOf(...values: readonly string[]): Expression {
    return literal(this.choice.of(values));
  }

  shape(...dims: readonly number[]): Expression {
    return array(dims.map(literal));
  }

  numbers(count: number): Expression {
    const values = Array.from({ length: count }, (_, i) => i / 4 - 1);
    if (this.choice.chance(0.5)) return array(values.map(literal));
    const type = this.choice.of(['Float32Array', 'Float64Array']) as 'Float32Array';
    return expression(`${type}.of(${values.join(', ')})`, () => globalThis[type].from(values));
  }

  state(name: string): Expression {
    return expression(`the state dict of ${name}`, (world) =>
      (world.instance(name) as { stateDict(): Map<string, unknown> }).stateDict(),
    );
  }

  get runtime(): Expression {
    return expression('runtime', (world) => world.runtime);
  }

  get random(): Expression {
    return expression('random', (world) => world.random);
  }

  get parameters(): Expression {
    return this.choice.chance(0.7)
      ? expression('new Parameters(runtime)', (world) => new world.module.Parameters(world.runtime))
      : expression("new Parameters(runtime).scope('a')", (world) =>
          new world.module.Parameters(world.runtime).scope('a'),
        );
  }

  get trained(): Expression {
    return expression('parameters', (world) => world.parameters);
  }
}

export type Recipe = (cook: Cook) => (Expression | undefined)[];

const anyTensor = (cook: Cook) => cook.tensor([cook.size(), cook.size(7)]);

const unary: Recipe = (cook) => [anyTensor(cook)];
const positive: Recipe = (cook) => [cook.tensor([cook.size(), cook.size(7)], 0.1, 3)];
const binary: Recipe = (cook) => {
  const shape = [cook.size(), cook.size(7)];
  return [cook.tensor(shape), cook.tensor(shape)];
};

function memory(cook: Cook) {
  return { b: cook.size(2), n: cook.size(), w: cook.size() };
}

function convolution(transposed: boolean): Recipe {
  return (cook) => {
    const [c, o, kernel] = [cook.size(2), cook.size(3), cook.size(3)];
    return [
      cook.tensor([cook.size(2), c, kernel + cook.size(3), kernel + cook.size(3)]),
      cook.tensor(transposed ? [c, o, kernel, kernel] : [o, c, kernel, kernel]),
      cook.maybe(cook.tensor([o])),
      cook.maybe(object({ stride: cook.maybe(cook.integer(1, 2)), padding: cook.maybe(cook.shape(0, 0)) })),
    ];
  };
}

function attentionInputs(cook: Cook, withValues: boolean): (Expression | undefined)[] {
  const [rows, keys, width] = [cook.size(), cook.size(), cook.size()];
  const options = object({
    similarity: cook.maybe(cook.oneOf('dot', 'l2', 'cosine')),
    strength: cook.maybe(cook.choice.chance(0.5) ? cook.number(0.1, 3) : cook.tensor([1], 0.1, 3)),
  });
  const values = withValues ? [cook.tensor([keys, cook.size()])] : [];
  return [cook.tensor([rows, width]), cook.tensor([keys, width]), ...values, cook.maybe(options)];
}

const fill: Recipe = (cook) => [anyTensor(cook), cook.number(-1, 0), cook.number(0, 1)];

export const opRecipes: Record<string, Recipe> = {
  add: binary,
  sub: binary,
  mul: binary,
  div: (cook) => {
    const shape = [cook.size(), cook.size(7)];
    return [cook.tensor(shape), cook.tensor(shape, 0.5, 2)];
  },
  neg: unary,
  exp: unary,
  log: positive,
  tanh: unary,
  sigmoid: unary,
  relu: unary,
  softplus: unary,
  softmax: unary,
  logSoftmax: unary,
  scale: (cook) => [anyTensor(cook), cook.number(-3, 3)],
  sum: (cook) => [anyTensor(cook), cook.maybe(cook.integer(-2, 1))],
  mean: (cook) => [anyTensor(cook), cook.maybe(cook.integer(-2, 1))],
  transpose: unary,
  unbind: unary,
  reshape: (cook) => {
    const [a, b] = [cook.size(), cook.size()];
    return [cook.tensor([a, b]), cook.shape(b, 1, a)];
  },
  expand: (cook) => [cook.tensor([1, cook.size()]), cook.integer(0, 4)],
  concat: (cook) => {
    const width = cook.size();
    const parts = Array.from({ length: cook.size(3) }, () => cook.tensor([cook.size(), width]));
    return [array(parts), literal(0)];
  },
  stack: (cook) => {
    const shape = [cook.size(), cook.size()];
    return [array(Array.from({ length: cook.size(3) }, () => cook.tensor(shape)))];
  },
  split: (cook) => {
    const [a, b] = [cook.size(), cook.size()];
    return [cook.tensor([2, a + b]), cook.shape(a, b), cook.maybe(literal(1))];
  },
  addBias: (cook) => {
    const width = cook.size(7);
    return [cook.tensor([cook.size(), width]), cook.tensor([width])];
  },
  linear: (cook) => {
    const [inputs, outputs] = [cook.size(), cook.size()];
    return [cook.tensor([cook.size(7), inputs]), cook.tensor([outputs, inputs]), cook.maybe(cook.tensor([outputs]))];
  },
  matmul: (cook) => {
    const [m, k, n] = [cook.size(), cook.size(), cook.size()];
    const transposeB = cook.choice.chance(0.5);
    const options = object({ transposeB: transposeB ? literal(true) : cook.maybe(literal(false)) });
    return [cook.tensor([m, k]), cook.tensor(transposeB ? [n, k] : [k, n]), options];
  },
  conv2d: convolution(false),
  convTranspose2d: convolution(true),
  batchNorm: (cook) => {
    const width = cook.size();
    const vectors = [cook.tensor([width]), cook.tensor([width]), cook.tensor([width]), cook.tensor([width], 0.5, 2)];
    const options = {
      training: cook.boolean(),
      momentum: cook.maybe(cook.number(0, 1)),
      eps: cook.maybe(cook.number(1e-5, 1)),
    };
    return [cook.tensor([1 + cook.size(), width]), ...vectors, object(options)];
  },
  lstmCell: (cook) => {
    const [b, i, h] = [cook.size(), cook.size(), cook.size(3)];
    const shapes = [[b, i], [b, h], [b, h], [4 * h, i], [4 * h, h], [4 * h], [4 * h]];
    return shapes.map((shape) => cook.tensor(shape));
  },
  memoryRead: (cook) => {
    const { b, n, w } = memory(cook);
    return [cook.tensor([b, n], 0, 1), cook.tensor([b, n, w])];
  },
  memoryWrite: (cook) => {
    const { b, n, w } = memory(cook);
    return [cook.tensor([b, n, w]), cook.tensor([b, n], 0, 1), cook.tensor([b, w], 0, 1), cook.tensor([b, w])];
  },
  contentWeights: (cook) => {
    const { b, n, w } = memory(cook);
    return [cook.tensor([b, w]), cook.tensor([b, 1], 0, 5), cook.tensor([b, n, w])];
  },
  locationWeights: (cook) => {
    const { b, n } = memory(cook);
    const weights = () => cook.tensor([b, n], 0.01, 1);
    return [weights(), weights(), cook.tensor([b, 1], 0, 1), cook.tensor([b, 3], 0.01, 1), cook.tensor([b, 1], 1, 4)];
  },
  headParameters: (cook) => {
    const [wordSize, maxShift, write] = [cook.size(), cook.choice.index(3), cook.choice.chance(0.5)];
    const width = wordSize + 2 * maxShift + 4 + (write ? 2 * wordSize : 0);
    const options = { wordSize: literal(wordSize), maxShift: literal(maxShift), write: literal(write) };
    return [cook.tensor([cook.size(), width]), object(options)];
  },
  attention: (cook) => attentionInputs(cook, true),
  attentionWeights: (cook) => attentionInputs(cook, false),
  gumbelRead: (cook) => {
    const [b, n, w] = [cook.size(), cook.size(), cook.size()];
    const uniform = cook.maybe(cook.tensor([b, n], 0, 1));
    const options = object({ uniform, tau: cook.maybe(cook.number(0.1, 2)), hard: cook.maybe(cook.boolean()) });
    return [cook.tensor([b, n]), cook.tensor([n, w]), cook.maybe(options)];
  },
  vectorQuantize: (cook) => {
    const width = cook.size();
    const options = { commitment: cook.maybe(cook.number(0, 1)), codebookLoss: cook.maybe(cook.boolean()) };
    return [cook.tensor([cook.size(), width]), cook.tensor([cook.size(), width]), cook.maybe(object(options))];
  },
  mseLoss: binary,
  binaryCrossEntropyWithLogits: (cook) => {
    const shape = [cook.size(), cook.size()];
    return [cook.tensor(shape), cook.tensor(shape, 0, 1)];
  },
  crossEntropy: (cook) => {
    const targets = Array.from({ length: cook.size() }, () => cook.choice.index(3));
    return [
      cook.tensor([targets.length, 3]),
      expression(`Int32Array.of(${targets.join(', ')})`, () => Int32Array.from(targets)),
    ];
  },
  'Random.uniform': (cook) => [cook.shape(cook.size(), cook.size()), cook.maybe(object({ high: cook.number(1, 2) }))],
  'Random.normal': (cook) => [cook.shape(cook.size(), cook.size()), cook.maybe(object({ std: cook.number(0, 2) }))],
  'Random.bernoulli': (cook) => [cook.shape(cook.size(), cook.size()), cook.number(0, 1)],
  'Random.fillUniform': fill,
  'Random.fillNormal': fill,
  'Random.permutation': (cook) => [cook.integer(0, 9)],
  'Random.integer': (cook) => [cook.integer(-5, 0), cook.integer(1, 9)],
  'Random.setState': () => [object({ seed: literal(1), counter: literal(3) })],
  Random: (cook) => [cook.runtime, cook.integer(0, 9)],
  'Tensor.set': (cook) => [cook.numbers(6)],
  'Tensor.requiresGrad': (cook) => [cook.boolean()],
  'Tensor.backward': (cook) => [cook.maybe(object({ retainGraph: cook.boolean() }))],
  'Runtime.step': (cook) => [
    expression('() => 1', () => () => 1),
    cook.maybe(object({ detectAnomaly: cook.boolean() })),
  ],
  'Runtime.noGrad': () => [expression('() => 1', () => () => 1)],
  'Runtime.tensor': (cook) => [cook.numbers(6), cook.shape(2, 3), cook.maybe(object({ requiresGrad: cook.boolean() }))],
  'Runtime.zeros': (cook) => [cook.shape(cook.size(), 3), cook.maybe(object({ requiresGrad: cook.boolean() }))],
  'Runtime.backward': (cook) => [
    array([expression('parameter', (world) => world.parameter)]),
    array([cook.numbers(6)]),
    cook.maybe(object({ retainGraph: cook.boolean() })),
  ],
  Parameters: (cook) => [cook.runtime],
  'Parameters.create': (cook) => [literal(`p${cook.choice.index(1e6)}`), cook.shape(cook.size(), cook.size())],
  'Parameters.createBuffer': (cook) => [literal(`p${cook.choice.index(1e6)}`), cook.shape(cook.size())],
  'Parameters.scope': () => [literal('scope')],
  'ParameterScope.create': (cook) => [literal(`p${cook.choice.index(1e6)}`), cook.shape(cook.size(), 2)],
  'ParameterScope.createBuffer': (cook) => [literal(`p${cook.choice.index(1e6)}`), cook.shape(cook.size())],
  'ParameterScope.scope': () => [literal('scope')],
  'Parameters.get': () => [literal('w')],
  'Parameters.loadStateDict': (cook) => [
    cook.state('Parameters'),
    cook.maybe(object({ strict: cook.boolean(), prefix: cook.maybe(literal('')) })),
  ],
  SGD: (cook) => [
    cook.trained,
    object({
      lr: cook.number(0, 1),
      momentum: cook.maybe(cook.number(0, 1)),
      weightDecay: cook.maybe(cook.number(0, 1)),
    }),
  ],
  Adam: (cook) => [
    cook.trained,
    object({ lr: cook.number(0, 1), betas: cook.maybe(cook.shape(0.5, 0.9)), amsgrad: cook.maybe(cook.boolean()) }),
  ],
  AdamW: (cook) => [cook.trained, object({ eps: cook.maybe(cook.number(0.1, 1)), weightDecay: cook.number(0, 1) })],
  RMSprop: (cook) => [
    cook.trained,
    object({
      alpha: cook.maybe(cook.number(0, 0.9)),
      centered: cook.maybe(cook.boolean()),
      momentum: cook.number(0, 1),
    }),
  ],
  clipGradNorm: (cook) => [cook.trained, cook.number(0, 3), cook.maybe(object({ errorIfNonFinite: cook.boolean() }))],
  clipGradValue: (cook) => [cook.trained, cook.number(0, 3)],
  ...Object.fromEntries(
    ['SGD', 'Adam', 'AdamW', 'RMSprop'].flatMap((name) => [
      [`${name}.learningRate`, (cook: Cook) => [cook.number(0, 1)]],
      [`${name}.loadStateDict`, (cook: Cook) => [cook.state(name)]],
    ]),
  ),
  NormalEquations: (cook) => [cook.runtime, cook.integer(1, 5), cook.integer(1, 5)],
  'NormalEquations.add': (cook) => [cook.tensor([4, 3]), cook.tensor([4, 2])],
  'NormalEquations.loss': (cook) => [cook.tensor([4, 3]), cook.tensor([4, 2])],
  'NormalEquations.solve': (cook) => [cook.number(0, 1)],
};
