/** Training steps written by hand: a perceptron, its gradients, and an optimiser that updates its state in place. */
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { staticShape } from '../../src/ir/types.js';
import type { NamedDonation } from '../../src/passes/memory/donations.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { wave } from '../runtime/support.js';

export interface TrainingOptions {
  /** Features of the input, of each hidden layer, and of the output. */
  readonly widths: readonly number[];
  readonly batch: number;
  readonly optimiser: 'sgd' | 'adam';
  /** Compute hidden activations anew in the backward pass, from each k-th layer on. */
  readonly checkpoint?: number;
}

export interface TrainingStep {
  readonly program: Program;
  readonly donate: readonly NamedDonation[];
}

const shapeOf = (x: GraphValue): readonly number[] => staticShape(x.type.shape);

function dot(b: GraphBuilder, x: GraphValue, y: GraphValue, over: readonly [number, number]): GraphValue {
  return b.emit('dot', [x, y], {
    lhsBatch: [],
    rhsBatch: [],
    lhsContract: [over[0]],
    rhsContract: [over[1]],
  });
}

const row = (b: GraphBuilder, v: GraphValue, rows: number): GraphValue => {
  const [n] = shapeOf(v);
  return b.broadcast(b.reshape(v, [1, n]), [rows, n]);
};
const column = (b: GraphBuilder, v: GraphValue, columns: number): GraphValue => {
  const [n] = shapeOf(v);
  return b.broadcast(b.reshape(v, [n, 1]), [n, columns]);
};
const times = (b: GraphBuilder, x: GraphValue, by: number): GraphValue => b.binary('mul', x, b.full(x, by));

/** One step: inputs are `x`, `y` (one-hot) and the state; outputs `loss` and the new state, each donated from the old. */
export function trainingStep({ widths, batch, optimiser, checkpoint }: TrainingOptions): TrainingStep {
  const b = new GraphBuilder(`mlp-${optimiser}`);
  const donate: NamedDonation[] = [];
  const x = b.param('x', 'f32', [batch, widths[0]]);
  const y = b.param('y', 'f32', [batch, widths[widths.length - 1]]);
  const layers = widths.slice(1).map((width, i) => ({
    w: b.param(`w${i}`, 'f32', [widths[i], width]),
    bias: b.param(`b${i}`, 'f32', [width]),
  }));
  const affine = (i: number, input: GraphValue): GraphValue =>
    b.binary('add', dot(b, input, layers[i].w, [1, 0]), row(b, layers[i].bias, batch));
  const relu = (z: GraphValue): GraphValue => b.binary('max', z, b.full(z, 0));

  /** The inputs of all layers, from that of layer `from`. */
  const forward = (from: number, input: GraphValue, to: number): GraphValue[] => {
    const inputs = [input];
    for (let i = from; i < to - 1; i++) inputs.push(relu(affine(i, inputs[inputs.length - 1])));
    return inputs;
  };
  const inputs = forward(0, x, layers.length);
  const logits = affine(layers.length - 1, inputs[layers.length - 1]);
  const classes = widths[widths.length - 1];
  const max = column(b, b.reduce('max', logits, [1]), classes);
  const shifted = b.binary('sub', logits, max);
  const exp = b.unary('exp', shifted);
  const sum = b.reduce('sum', exp, [1]);
  const logp = b.binary('sub', shifted, column(b, b.unary('log', sum), classes));
  b.output('loss', times(b, b.reduce('sum', b.binary('mul', logp, y), [0, 1]), -1 / batch));

  const softmax = b.binary('div', exp, column(b, sum, classes));
  let gradient = times(b, b.binary('sub', softmax, y), 1 / batch);
  const gradients: { w: GraphValue; bias: GraphValue }[] = [];
  let recomputed: GraphValue[] = [];
  for (let i = layers.length - 1; i >= 0; i--) {
    if (checkpoint !== undefined && i % checkpoint === checkpoint - 1) {
      const start = i - checkpoint + 1;
      const kept = b.emit('fence', [inputs[start]], {});
      recomputed = [];
      forward(start, kept, i + 1).forEach((value, j) => (recomputed[start + j] = value));
    }
    const input = recomputed[i] ?? inputs[i];
    gradients[i] = { w: dot(b, input, gradient, [0, 0]), bias: b.reduce('sum', gradient, [0]) };
    if (i === 0) break;
    const back = dot(b, gradient, layers[i].w, [1, 1]);
    gradient = b.select(b.binary('lt', b.full(input, 0), input), back, b.full(back, 0));
  }

  const update = (name: string, param: GraphValue, g: GraphValue): void => {
    const store = (suffix: string, value: GraphValue): void => {
      b.output(`${name}${suffix}`, value);
      donate.push({ input: `${name}${suffix}`, output: `${name}${suffix}` });
    };
    if (optimiser === 'sgd') return store('', b.binary('sub', param, times(b, g, 0.1)));
    const [m, v] = ['m', 'v'].map((suffix) => b.param(`${name}${suffix}`, 'f32', shapeOf(param)));
    const nextM = b.binary('add', times(b, m, 0.9), times(b, g, 0.1));
    const nextV = b.binary('add', times(b, v, 0.999), times(b, b.binary('mul', g, g), 0.001));
    const spread = (s: GraphValue): GraphValue =>
      b.broadcast(b.reshape(s, shapeOf(param).map(() => 1)), shapeOf(param)); // prettier-ignore
    const hat = b.binary('mul', nextM, spread(scale));
    const step = b.binary('div', hat, b.binary('add', b.unary('sqrt', nextV), b.full(v, 1e-8)));
    store('', b.binary('sub', param, step));
    store('m', nextM);
    store('v', nextV);
  };
  /** The learning rate with its corrections, which depend on the step. */
  const scale = optimiser === 'adam' ? b.param('scale', 'f32', []) : x;
  layers.forEach(({ w, bias }, i) => {
    update(`w${i}`, w, gradients[i].w);
    update(`b${i}`, bias, gradients[i].bias);
  });
  return { program: { graph: b.build(), weights: new Map() }, donate };
}

/** Inputs for a step: small weights, moments of zero. */
export function trainingInputs({ program: { graph } }: TrainingStep, seed = 1): Tensors {
  const inputs: Record<string, TensorData> = {};
  let phase = seed;
  for (const node of graph.nodes) {
    if (node.op !== 'param') continue;
    const { name } = node.attrs;
    const shape = staticShape(node.type.shape);
    const count = shape.reduce((n, extent) => n * extent, 1);
    const small = 1 / Math.sqrt(shape[0] ?? 1);
    const value = (w: number, i: number): number => {
      if (/[mv]$/.test(name)) return 0;
      if (name === 'y') return i % shape[1] === Math.floor(i / shape[1]) % shape[1] ? 1 : 0;
      return name === 'scale' ? 0.01 : name === 'x' ? w : w * small;
    };
    inputs[name] = tensorData('f32', shape, wave(count, (phase += 31)).map(value));
  }
  return inputs;
}
