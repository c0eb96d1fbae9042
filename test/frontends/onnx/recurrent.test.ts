/** RNN, GRU and LSTM against the formulas of the specification, in doubles, with every option. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { interpret } from '../../../src/interpreter/index.js';
import { bindDims } from '../../../src/ir/bind-dims.js';
import { fuzz } from '../../support/fuzz.js';
import {
  errorOf,
  given,
  known,
  oneNodeModel,
  random,
  runNode,
  type OneNode,
  type Operand,
} from './support.js';

type Row = readonly number[];
type Op = 'RNN' | 'GRU' | 'LSTM';

const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;
const FUNCTIONS = { RNN: 1, GRU: 2, LSTM: 3 } as const;

/** With the alpha and beta that each takes. */
const ACTIVATIONS: Readonly<
  Record<string, readonly [parameters: number, f: (x: number, alpha: number, beta: number) => number]>
> = {
  Relu: [0, (x) => Math.max(0, x)],
  Tanh: [0, Math.tanh],
  Sigmoid: [0, (x) => 1 / (1 + Math.exp(-x))],
  Affine: [2, (x, a, b) => a * x + b],
  LeakyRelu: [1, (x, a) => (x < 0 ? a * x : x)],
  ThresholdedRelu: [1, (x, a) => (x > a ? x : 0)],
  ScaledTanh: [2, (x, a, b) => a * Math.tanh(b * x)],
  HardSigmoid: [2, (x, a, b) => Math.max(0, Math.min(1, a * x + b))],
  Elu: [1, (x, a) => (x < 0 ? a * (Math.exp(x) - 1) : x)],
  Softsign: [0, (x) => x / (1 + Math.abs(x))],
  Softplus: [0, (x) => Math.log(1 + Math.exp(x))],
};

interface Case {
  readonly op: Op;
  readonly seed: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly sizes: readonly [steps: number, batch: number, features: number, hidden: number];
  readonly layout: 0 | 1;
  readonly clip: number | undefined;
  readonly flag: boolean;
  readonly bias: boolean;
  readonly lengths: boolean;
  readonly initial: boolean;
  readonly peepholes: boolean;
  readonly activations: readonly string[] | undefined;
}

const cases = fc.record<Case>({
  op: fc.constantFrom('RNN', 'GRU', 'LSTM'),
  seed: fc.nat(9999),
  direction: fc.constantFrom('forward', 'reverse', 'bidirectional'),
  sizes: fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), // prettier-ignore
  layout: fc.constantFrom(0, 1),
  clip: fc.constantFrom(undefined, 0.3, 2),
  flag: fc.boolean(),
  bias: fc.boolean(),
  lengths: fc.boolean(),
  initial: fc.boolean(),
  peepholes: fc.boolean(),
  activations: fc.option(fc.array(fc.constantFrom(...Object.keys(ACTIVATIONS)), { minLength: 6, maxLength: 6 }), { nil: undefined }), // prettier-ignore
});

const DEFAULTS = { RNN: ['Tanh'], GRU: ['Sigmoid', 'Tanh'], LSTM: ['Sigmoid', 'Tanh', 'Tanh'] } as const;

/** A model's operands and attributes, and the results that they should have: Y, Y_h, Y_c as flat numbers. */
function build(c: Case): { spec: OneNode; expected: number[][] } {
  const draw = random(c.seed);
  const fill = (count: number): number[] => Array.from({ length: count }, () => Math.fround(draw(2000) / 1000 - 1)); // prettier-ignore
  const [steps, batch, features, hidden] = c.sizes;
  const directions = c.direction === 'bidirectional' ? 2 : 1;
  const rows = GATES[c.op] * hidden;
  const peepholes = c.op === 'LSTM' && c.peepholes;
  const x = fill(steps * batch * features);
  const w = fill(directions * rows * features);
  const r = fill(directions * rows * hidden);
  const bias = c.bias ? fill(directions * 2 * rows) : undefined;
  const lengths = c.lengths ? Array.from({ length: batch }, () => draw(steps + 1)) : undefined;
  const states = Array.from({ length: c.op === 'LSTM' ? 2 : 1 }, () => (c.initial ? fill(directions * batch * hidden) : undefined)); // prettier-ignore
  const peep = peepholes ? fill(directions * 3 * hidden) : undefined;
  const count = FUNCTIONS[c.op];
  const names = Array.from({ length: directions }, (_, d) => c.activations?.slice(d * 3, d * 3 + count) ?? DEFAULTS[c.op]).flat(); // prettier-ignore
  const [alphas, betas] = [[] as number[], [] as number[]];
  const functions = names.map((name) => {
    const [parameters, f] = ACTIVATIONS[name];
    const [alpha, beta] = [0, 1].map((i) => (i < parameters ? Math.fround(0.25 + draw(100) / 100) : 0));
    if (parameters > 0) alphas.push(alpha);
    if (parameters > 1) betas.push(beta);
    const bounded = (v: number): number =>
      c.clip === undefined ? v : Math.max(-c.clip, Math.min(c.clip, v));
    return (v: number) => f(bounded(v), alpha, beta);
  });

  const ySize = steps * directions * batch * hidden;
  const y = new Array<number>(ySize).fill(0);
  const finals = states.map(() => new Array<number>(directions * batch * hidden).fill(0));
  const stateAt = (d: number, n: number): number => (c.layout === 0 ? d * batch + n : n * directions + d) * hidden; // prettier-ignore
  for (let d = 0; d < directions; d++)
    for (let n = 0; n < batch; n++) {
      const reverse = c.direction === 'reverse' || d === 1;
      let state = states.map((given) => Array.from({ length: hidden }, (_, j) => given?.[stateAt(d, n) + j] ?? 0)); // prettier-ignore
      const length = lengths?.[n] ?? steps;
      for (let i = 0; i < length; i++) {
        const t = reverse ? length - 1 - i : i;
        const at = (c.layout === 0 ? t * batch + n : n * steps + t) * features;
        const dot = (m: Row, row: number, v: Row): number => v.reduce((sum, e, k) => sum + m[row * v.length + k] * e, 0); // prettier-ignore
        const wx = (gate: number, j: number): number =>
          dot(w, d * rows + gate * hidden + j, x.slice(at, at + features)) + (bias?.[d * 2 * rows + gate * hidden + j] ?? 0); // prettier-ignore
        const rh = (gate: number, j: number, h: Row): number =>
          dot(r, d * rows + gate * hidden + j, h) + (bias?.[d * 2 * rows + rows + gate * hidden + j] ?? 0);
        const p = (gate: number, j: number): number => peep?.[(d * 3 + gate) * hidden + j] ?? 0;
        const all = (f: (j: number) => number): number[] => Array.from({ length: hidden }, (_, j) => f(j));
        const [f, g, h] = functions.slice(d * count);
        const [hs, cs] = state;
        if (c.op === 'RNN') state = [all((j) => f(wx(0, j) + rh(0, j, hs)))];
        else if (c.op === 'GRU') {
          const z = all((j) => f(wx(0, j) + rh(0, j, hs)));
          const reset = all((j) => f(wx(1, j) + rh(1, j, hs)));
          const made = all((j) =>
            g(wx(2, j) + (c.flag ? reset[j] * rh(2, j, hs) : rh(2, j, all((k) => reset[k] * hs[k])))),
          ); // prettier-ignore
          state = [all((j) => (1 - z[j]) * made[j] + z[j] * hs[j])];
        } else {
          const input = all((j) => f(wx(0, j) + rh(0, j, hs) + p(0, j) * cs[j]));
          const forget = c.flag ? input.map((v) => 1 - v) : all((j) => f(wx(2, j) + rh(2, j, hs) + p(2, j) * cs[j])); // prettier-ignore
          const cell = all((j) => forget[j] * cs[j] + input[j] * g(wx(3, j) + rh(3, j, hs)));
          const output = all((j) => f(wx(1, j) + rh(1, j, hs) + p(1, j) * cell[j]));
          state = [all((j) => output[j] * h(cell[j])), cell];
        }
        const place = c.layout === 0 ? (t * directions + d) * batch + n : (n * steps + t) * directions + d;
        state[0].forEach((v, j) => (y[place * hidden + j] = v));
      }
      state.forEach((s, k) => s.forEach((v, j) => (finals[k][stateAt(d, n) + j] = v)));
    }

  const stateShape = c.layout === 0 ? [directions, batch, hidden] : [batch, directions, hidden];
  const operand = (shape: readonly number[], data: number[] | undefined): Operand | undefined => data && given(shape, data); // prettier-ignore
  const operands = [
    given(c.layout === 0 ? [steps, batch, features] : [batch, steps, features], x),
    given([directions, rows, features], w),
    given([directions, rows, hidden], r),
    operand([directions, 2 * rows], bias),
    lengths && given([batch], lengths, 'int32'),
    ...states.map((state) => operand(stateShape, state)),
    ...(c.op === 'LSTM' ? [operand([directions, 3 * hidden], peep)] : []),
  ];
  const spec: OneNode = {
    op: c.op,
    operands,
    attributes: {
      direction: c.direction,
      hidden_size: hidden,
      ...(c.layout === 0 ? {} : { layout: 1 }),
      ...(c.clip === undefined ? {} : { clip: { float: c.clip } }),
      ...(c.flag && c.op === 'GRU' ? { linear_before_reset: 1 } : {}),
      ...(c.flag && c.op === 'LSTM' ? { input_forget: 1 } : {}),
      ...(c.activations === undefined ? {} : { activations: { strings: names } }),
      ...(alphas.length === 0 ? {} : { activation_alpha: { floats: alphas } }),
      ...(betas.length === 0 ? {} : { activation_beta: { floats: betas } }),
    },
    opset: 22,
    outputs: new Array<'float'>(1 + states.length).fill('float'),
  };
  return { spec, expected: [y, ...finals] };
}

/** Of f32 against doubles, over a handful of steps. */
function expectNear(found: TensorData, expected: readonly number[]): void {
  const values = Array.from(found.data);
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    const bound = 1e-4 * Math.max(1, Math.abs(expected[i]));
    expect(Math.abs(value - expected[i]), `element ${i}: ${value}, ${expected[i]}`).toBeLessThan(bound);
  });
}

test('recurrent operators compute the formulas of the specification', () => {
  fc.assert(
    fc.property(cases, (c) => {
      // Where an activation jumps, a rounding decides.
      fc.pre(!(c.activations?.includes('ThresholdedRelu') ?? false));
      const { spec, expected } = build(c);
      runNode(spec).forEach((found, i) => expectNear(found as TensorData, expected[i]));
    }),
    fuzz(150),
  );
});

const USUAL: Case = {
  op: 'LSTM',
  seed: 1,
  direction: 'bidirectional',
  sizes: [3, 2, 2, 2],
  layout: 0,
  clip: undefined,
  flag: false,
  bias: true,
  lengths: false,
  initial: false,
  peepholes: false,
  activations: undefined,
};

describe('options', () => {
  test('the trips are those of a loop, which does not grow with them', () => {
    const nodes = [2, 200].map((steps) => {
      const { spec } = build({ ...USUAL, sizes: [steps, 2, 2, 2] });
      return importOnnx(oneNodeModel(spec)).graph.nodes.length;
    });
    expect(nodes[0]).toBe(nodes[1]);
  });

  test('steps and batch may be symbols', () => {
    const { spec, expected } = build(USUAL);
    const [x, ...rest] = spec.operands;
    const weights = rest.map((operand) => operand && { ...operand, known: true });
    const model = oneNodeModel({ ...spec, operands: [{ ...x!, shape: ['T', 'N', 2] }, ...weights] });
    const program = importOnnx(model);
    expect(program.outputs.map(({ type }) => String(type.shape))).toEqual(['T,2,N,2', '2,N,2', '2,N,2']);
    const graph = bindDims(program.graph, { T: 3, N: 2 });
    const input = { dtype: 'f32', shape: [3, 2, 2], data: Float32Array.from(x!.data, Number) } as const;
    const { outputs } = interpret({ ...program, graph }, { in0: input });
    program.outputs.forEach(({ name }, i) => expectNear(outputs[name], expected[i]));
  });

  test('parameters that are left out are those of the operator of the name', () => {
    const activations = ['HardSigmoid', 'LeakyRelu', 'Affine'];
    const c: Case = { ...USUAL, direction: 'forward', activations: [...activations, ...activations] };
    const { spec } = build(c);
    const { activation_alpha: _, activation_beta: __, ...attributes } = spec.attributes!;
    const explicit = {
      ...attributes,
      activation_alpha: { floats: [0.2, 0.01, 1] },
      activation_beta: { floats: [0.5, 0] },
    };
    const [a, b] = [attributes, explicit].map((own) => runNode({ ...spec, attributes: own }));
    expect(a).toEqual(b);
  });
});

const { spec: valid } = build(USUAL);
const changed = (i: number, operand: Operand): OneNode => ({
  ...valid,
  operands: valid.operands.map((given, at) => (at === i ? operand : given)),
});
const INVALID: readonly (readonly [string, string, OneNode, RegExp])[] = [
  ['weights of another size', 'SHAPE_MISMATCH', changed(1, given([2, 8, 3], new Array<number>(48).fill(0))), /\[2,8,2\]/], // prettier-ignore
  ['biases of another size', 'SHAPE_MISMATCH', changed(3, given([2, 8], new Array<number>(16).fill(0))), /\[2,16\]/], // prettier-ignore
  ['one direction too few', 'SHAPE_MISMATCH', { ...valid, attributes: { ...valid.attributes, direction: 'reverse' } }, /\[1,8,2\]/], // prettier-ignore
  ['another hidden_size', 'ONNX_INVALID', { ...valid, attributes: { ...valid.attributes, hidden_size: 3 } }, /2/], // prettier-ignore
  ['a direction that does not exist', 'ONNX_INVALID', { ...valid, attributes: { ...valid.attributes, direction: 'up' } }, /forward/], // prettier-ignore
  ['too few activations', 'ONNX_INVALID', { ...valid, attributes: { ...valid.attributes, activations: { strings: ['Tanh'] } } }, /6/], // prettier-ignore
  ['an unknown activation', 'ONNX_INVALID', { ...valid, attributes: { ...valid.attributes, activations: { strings: ['Tanh', 'Tanh', 'Tan', 'Tanh', 'Tanh', 'Tanh'] } } }, /ScaledTanh/], // prettier-ignore
  ['a sequence longer than the input', 'ONNX_INVALID', { ...valid, operands: [...valid.operands.slice(0, 4), known([2], [4, 1], 'int32')] }, /0 to 3/], // prettier-ignore
  ['layout before opset 14', 'ONNX_INVALID', { ...valid, opset: 13, attributes: { ...valid.attributes, layout: 1 } }, /attributes among/], // prettier-ignore
];

test.each(INVALID)('refused: %s', (_, code, spec, expected) => {
  const error = errorOf(code as 'ONNX_INVALID', () => importOnnx(oneNodeModel(spec)));
  expect(error.expected).toMatch(expected);
});
