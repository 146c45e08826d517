// The optimizers against their float64 reference implementations and PyTorch, at every length.
import test from 'ava';
import { Adam, AdamW, load, Parameters, RMSprop, SGD } from '../index.js';
import { type Case, cases, makeParameters, numbers, setGradients, size, valuesOf } from './cases/optim.js';
import { seeded } from './support/random-numbers.js';

const runtime = await load();
const { arena } = runtime;

for (const [name, { make, twin }] of Object.entries(cases)) {
  test(`${name}: 100 steps follow the float64 reference`, (t) => {
    const random = seeded(1);
    const expected = numbers(size, random);
    const parameters = makeParameters(runtime, expected);
    const optimizer = make(parameters);
    const update = twin();
    for (let step = 1; step <= 100; step++) {
      const gradient = numbers(size, random);
      setGradients(parameters, gradient);
      optimizer.step();
      update(expected, gradient, step);
      for (const [i, value] of valuesOf(parameters).entries()) {
        const error = Math.abs(value - expected[i]!) / (1 + Math.abs(expected[i]!));
        if (!(error <= 2e-6)) t.fail(`step ${step}, number ${i}: error ${error}`);
      }
    }
    const { pointer, length } = parameters.flat();
    t.is([...arena.read(pointer, length)].filter((value) => value !== 0).length, size, 'gaps stay zero');
  });

  test(`${name}: zero gradients give no NaN`, (t) => {
    const parameters = makeParameters(runtime, new Float64Array(size));
    const optimizer = make(parameters);
    for (let step = 0; step < 3; step++) optimizer.step();
    t.deepEqual(valuesOf(parameters), new Array<number>(size).fill(0));
  });
}

// Computed by PyTorch 1.13 in float32: 7 parameters, and the gradients of 5 steps.
const start = decode('QGd1vwu1rj4dFh6/gk/gv7HFCz9kSoW/v98gvw==');
const gradients = decode(
  'S2G7vi+yTr5SG5++1VTWvnr8Pz9xsRG/i46vv+R4wr1igNm9Kmkuv7Mwzb+M67K/6KpGPkUTwL9Rtsu9aXQQPrlwzr9S5IG/7iRtPlQJ' +
    '8z+Hops+CZ2pPxyGh79/xwc+Ce+2vylelL4jSq4/ZE91v9fV1j4Zq1U/lMSrP22ufr9sJ+6+S0kJPiX8JL4=',
);
const trajectories: Record<string, [Case['make'], Float32Array]> = {
  'SGD with momentum': [
    (parameters) => new SGD(parameters, { lr: 0.01, momentum: 0.9 }),
    decode(
      'Z3d0v529rz51Sh2/VsbfvzXaCT/nj4S/5Vwdv1Bhc7/uNrE+rdQav5g93b/xsws/oyeEv4FcFr/XJXK/nNGxPuV8FL80qdm/iMYMP/k3' +
        'hr+R1hC/Vm50v5bItz5lHg+/JJzUv5J7Dj+o0Ym/BmoJv1+Pd7/j4Lg+y7gNv2XKzr+/NRE/GjuNv/NRAr8=',
    ),
  ],
  'SGD with dampening': [
    (parameters) => new SGD(parameters, { lr: 0.01, momentum: 0.9, dampening: 0.3, weightDecay: 0.1 }),
    decode(
      'lTh0v+SQrz79IR2/6ozfv222CT/IbYS/tjMdv9rQcr+7mLA+kvEavwRG3b91RAo/AbyDvx0ZF7/0M3G/HOWwPoz5Fb/9KNq/REEKP+u3' +
        'hL8lCxK/BPVxv5bVtD6uohG/wezVv4+qCj8vu4a/z6wLv+c3c78GQ7U+awgQv2oS0b/cxQs/iJGIv5COBb8=',
    ),
  ],
  'SGD with Nesterov momentum': [
    (parameters) => new SGD(parameters, { lr: 0.01, momentum: 0.9, weightDecay: 0.1, nesterov: true }),
    decode(
      'LShzv8BWsD5GRhy/x93ev+PbBz88p4O/ruUZv4FGcb+Ju7E+L+QXv7Xt2b9Buww/Sy2Dv+NUD7/RE2+/OvKwPgWGDb9bptS/558MP/0C' +
        'h7/nnwq/XolzvxkDuz7Rawi/ZmLNv71UDj/bcou/ieQAv0tKdr+I4LY+POsJv6Hfxb9VURE/Ug6Ovz7g8r4=',
    ),
  ],
  Adam: [
    (parameters) => new Adam(parameters, { lr: 0.01 }),
    decode(
      '5Ndyv8PTsz7Bhhu/1Affv1U2CT+2AoS/Y1Aev1C0cL9Ao7g+2xQZv3Hk3b+XFAo/nYGDvyfAG79hsG6/7xO6PnLNFr8Ft9y/E4IKPxcr' +
        'hL9sCBq/Q6Zvv3BAvT43DRW/Sn/bvyQeCz8vCYW/8yAYvw7VcL+2r70+v7UUv4dH2r9D/ws/i86Fv5dsFr8=',
    ),
  ],
  'Adam with AMSGrad': [
    (parameters) => new Adam(parameters, { lr: 0.01, betas: [0.9, 0.7], weightDecay: 0.1, amsgrad: true }),
    decode(
      '5Ndyv8PTsz7Bhhu/1Affv1U2CT+2AoS/Y1Aev0uKcL9xerg+xywZvyTu3b/Y7wk/sFaDvwnFG78lTm6/LsS4PlsgF7/swdy/vzAKP/7W' +
        'g7+2Hhq/wtRuvxAluz68nBW/apTbv9ORCj9SkYS/zj8YvzmDb79bQrs+5icVv/dh2r91Jws/tCaFvz2nFr8=',
    ),
  ],
  AdamW: [
    (parameters) => new AdamW(parameters, { lr: 0.01, weightDecay: 0.1 }),
    decode(
      'EZlyvwqnsz5IXhu/aM7ev40SCT+X4IO/NCcev2I3cL+ISLg+nMQYv/tx3b+3zQk/uz2Dv3tuG7/09W2/C4q5PhhWFr/eC9y/7BcKP5zF' +
        'g7/2jhm/665uvwyHvD5hbxS/zpvav6SQCj/5gYS/LYAXv5ygb78Oxrw+6PETvxUs2b9KTgs/aCWFvwmlFb8=',
    ),
  ],
  'AdamW with AMSGrad': [
    (parameters) => new AdamW(parameters, { lr: 0.01, betas: [0.5, 0.7], eps: 1e-3, amsgrad: true }),
    decode(
      'ZNNyv9TIsz7PhBu/3gLfv6AzCT/f/4O/v0wevxMecb/RTbg+ZvQYv8/C3b8UrAo/SM+Dv9a1G79JsG+/KYy3Pj5kFr+ahdy/pg0LP4PT' +
        'hL+Ayhq/vJtxv8q6uz7NQxW/RDfbv/ClCz+w+4W/fTgZv8JAc79tlbo+NFgWv7IA2r8UnAw/sqGGvw07GL8=',
    ),
  ],
  'RMSprop with momentum': [
    (parameters) => new RMSprop(parameters, { lr: 0.01, alpha: 0.95, momentum: 0.9 }),
    decode(
      'ZPRpv8KaxT5BoxK/FJbav9VSAD/sIX+/42wVv6y0XL+5FuU+ub77vgvjz78/KgA/w5t4v7SSAr8ju02/QPv0Ptt9wb5ONcO/V6L8PpWy' +
        'fb8puea+OEtLvw/HDD+90Y6+UU60v7ub/T55b4S/PSvBvuaFTL9KKBY/zPNevpebpL8moAI/vsuJv7menb4=',
    ),
  ],
  'RMSprop centered': [
    (parameters) =>
      new RMSprop(parameters, { lr: 0.01, alpha: 0.9, eps: 1e-3, weightDecay: 0.1, momentum: 0.5, centered: true }),
    decode(
      'X+5sv/lwvz70oBW/VxHcvyxGAz+BC4G/R1wYv5A+Zb+pr84+DWgJv5HC1b9eHAY/tQt/v4BWDb9d4l2/h3bKPnkq9r54CdC/IP4FP4Kv' +
        'gr946wi/rtZhvyHr2D6Is+i+7ijKv0ZGBz/wvYa/ZWUCv23sZb/9cdU+H//rvrIIxb9CSwo/V9SIv1Zd/L4=',
    ),
  ],
};

for (const [name, [make, trajectory]] of Object.entries(trajectories)) {
  test(`${name} follows PyTorch`, (t) => {
    const parameters = new Parameters(runtime);
    const p = parameters.create('p', [7]).set(start);
    const optimizer = make(parameters);
    for (let step = 0; step < 5; step++) {
      arena.write(p.gradPointer, gradients.subarray(7 * step, 7 * step + 7));
      optimizer.step();
      for (const [i, value] of p.toArray().entries()) {
        const error = Math.abs(value - trajectory[7 * step + i]!);
        t.true(error <= 3e-7, `step ${step + 1}, number ${i}: error ${error}`);
      }
    }
  });
}

test('kernels give the same values at every length and write nothing past it', (t) => {
  const { adam, rmsprop, sgd } = runtime.kernels;
  const random = seeded(3);
  const data = Array.from({ length: 5 }, () => numbers(64, random).map(Math.abs));
  const calls: ((n: number, ...buffers: [number, number, number, number, number]) => void)[] = [
    (n, p, g) => sgd(p, g, 0, n, 0.1, 0, 0, 0.1, false),
    (n, p, g, b) => sgd(p, g, b, n, 0.1, 0.9, 0.1, 0.1, true),
    (n, p, g, m, v) => adam(p, g, m, v, 0, n, 0.1, 0.9, 0.99, 1e-8, 0.1, false, 0.1, 0.01),
    (n, p, g, m, v, vmax) => adam(p, g, m, v, vmax, n, 0.1, 0.9, 0.99, 1e-8, 0.1, true, 0.1, 0.01),
    (n, p, g, s) => rmsprop(p, g, s, 0, 0, n, 0.1, 0.9, 1e-8, 0.1, 0, false),
    (n, p, g, s, a, b) => rmsprop(p, g, s, a, b, n, 0.1, 0.9, 1e-4, 0.1, 0.9, true),
  ];
  /** The buffers after a call on n elements, each 4 bytes off the alignment. */
  const after = (call: (typeof calls)[number], n: number): number[][] => {
    const mark = arena.mark();
    const addresses = data.map((values) => {
      const address = arena.allocate(65) + 4;
      arena.write(address, values);
      return address;
    }) as [number, number, number, number, number];
    call(n, ...addresses);
    const found = addresses.map((address) => [...arena.read(address, 64)]);
    arena.reset(mark);
    return found;
  };
  for (const call of calls) {
    const whole = after(call, 64);
    for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 31, 63]) {
      const expected = whole.map((buffer, i) => [...buffer.slice(0, n), ...data[i]!.slice(n)]);
      t.deepEqual(after(call, n), expected, `${call} with n = ${n}`);
    }
  }
});

test('a centered RMSprop stays finite if rounding makes the variance negative', (t) => {
  for (const epsInsideRoot of [false, true]) {
    const parameters = makeParameters(runtime, new Float64Array(size));
    const optimizer = new RMSprop(parameters, { lr: 1e-6, alpha: 0.7, centered: true, epsInsideRoot });
    setGradients(parameters, numbers(size, seeded(4)));
    for (let step = 0; step < 200; step++) optimizer.step();
    t.true(valuesOf(parameters).every(Number.isFinite));
  }
});

function decode(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)).buffer);
}
