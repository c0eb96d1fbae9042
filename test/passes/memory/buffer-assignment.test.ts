/** Values that share memory: concats written in place, results over operands, reshapes. */
import { describe, expect, test } from 'vitest';
import { prepare } from '../../../src/compile.js';
import type { GraphBuilder } from '../../../src/ir/builder.js';
import type { GraphValue } from '../../../src/ir/builder.js';
import { expectSameBits, VARIANTS, type Specimen } from '../../support/differential.js';
import { availableGpus } from '../../support/gpu.js';
import { conv3x3, relu, rowWise, softmax } from '../../support/compositions.js';
import { specimen } from '../../support/specimen.js';

const images = (b: GraphBuilder, name = 'x'): GraphValue => b.param(name, 'f32', [2, 3, 6, 5]);
const concat = (b: GraphBuilder, parts: readonly GraphValue[], axis: number): GraphValue =>
  b.emit('concat', parts, { axis });

const CONCATS: Readonly<Record<string, (b: GraphBuilder) => void>> = {
  'along each axis': (b) => {
    const [e, t] = [b.unary('exp', images(b)), b.unary('tanh', images(b, 'y'))];
    for (const axis of [0, 1, 2, 3]) b.output(`y${axis}`, relu(b, concat(b, [e, t, e], axis)));
  },
  'of contractions, reductions and scans': (b) => {
    const x = images(b);
    const c = relu(b, conv3x3(b, x, b.weight('w', 'f32', [4, 3, 3, 3])));
    const scanned = b.emit('scan', [x], { kind: 'sum', axis: 2, exclusive: false, reverse: false });
    const pooled = b.reduce('sum', concat(b, [c, scanned, softmax(b, x)], 1), [2, 3]);
    b.output('y', pooled);
    b.output('z', concat(b, [pooled, b.reduce('max', x, [2, 3])], 1));
  },
  nested: (b) => {
    const [e, t] = [b.unary('exp', images(b)), b.unary('tanh', images(b, 'y'))];
    const inner = concat(b, [e, t], 1);
    const outer = concat(b, [b.unary('sqrt', inner), inner, b.unary('neg', inner)], 2);
    b.output('y', concat(b, [outer, relu(b, outer)], 3));
  },
  'of concats that nothing else uses': (b) => {
    const x = images(b);
    const [p, q, r, s] = (['exp', 'tanh', 'neg', 'abs'] as const).map((op) => b.unary(op, x));
    const whole = concat(b, [concat(b, [p, q], 3), concat(b, [r, s], 3)], 2);
    b.output('y', b.emit('scan', [whole], { kind: 'sum', axis: 3, exclusive: false, reverse: false }));
  },
  'with params, constants and duplicates': (b) => {
    const x = images(b);
    const e = b.unary('exp', x);
    const whole = concat(b, [x, e, b.full(x, 2), e, x, b.weight('w', 'f32', [2, 3, 6, 5])], 1);
    b.output('y', b.reduce('sum', whole, [0, 2, 3]));
  },
  'that is an output, with operands that are outputs': (b) => {
    const e = b.unary('exp', images(b));
    const t = b.unary('tanh', images(b, 'other'));
    b.output('e', e);
    b.output('y', concat(b, [e, t], 1));
    b.output('flat', b.reshape(concat(b, [e, t], 1), [360]));
  },
  'with operands that others use': (b) => {
    const x = images(b);
    const e = b.unary('exp', x);
    const t = softmax(b, x);
    b.output('y', b.reduce('max', concat(b, [e, t], 1), [0, 2]));
    b.output('more', conv3x3(b, b.binary('add', e, t), b.weight('w', 'f32', [2, 3, 3, 3])));
  },
  'with views of values': (b) => {
    const e = softmax(b, images(b));
    const parts = [
      b.permute(b.reshape(e, [2, 3, 5, 6]), [0, 1, 3, 2]),
      b.emit('reverse', [e], { axes: [3] }),
      e,
    ];
    b.output('y', b.reduce('sum', concat(b, parts, 1), [3]));
  },
  'of twelve params': (b) => {
    const parts = Array.from({ length: 12 }, (_, i) => b.param(`p${i}`, 'f32', [2, i]));
    b.output('y', concat(b, parts, 1));
    b.output('z', b.reduce('sum', concat(b, parts.slice(2), 1), [1]));
  },
  'of twelve params inside of another': (b) => {
    const parts = Array.from({ length: 12 }, (_, i) => b.param(`p${i}`, 'i32', [2, i + 1]));
    const inner = concat(b, parts, 1);
    b.output('y', concat(b, [inner, b.unary('neg', inner)], 0));
  },
};

const REUSE: Readonly<Record<string, (b: GraphBuilder) => void>> = {
  'a chain of kernels': (b) => {
    let x = b.param('x', 'f32', [40, 40]);
    for (let i = 0; i < 5; i++) x = b.unary('tanh', softmax(b, b.binary('add', x, b.permute(x, [1, 0]))));
    b.output('y', x);
  },
  'a residual stream': (b) => {
    let x = b.param('x', 'f32', [1, 4, 9, 9]);
    const w = b.weight('w', 'f32', [4, 4, 3, 3]);
    for (let i = 0; i < 4; i++) x = relu(b, b.binary('add', x, conv3x3(b, x, w)));
    b.output('y', x);
  },
  'a value for each row, written over the one that is read': (b) => {
    const x = b.param('x', 'f32', [70, 200]);
    const before = b.reduce('sum', b.unary('sin', x), [1]);
    const spread = b.broadcast(b.reshape(before, [70, 1]), [70, 200]);
    const centred = b.binary('sub', x, spread);
    b.output('max', b.binary('add', b.reduce('max', centred, [1]), b.unary('neg', before)));
    b.output('y', b.binary('mul', centred, rowWise(b, 'max', centred)));
  },
  'outputs that are params, reshapes of them, and constants': (b) => {
    const x = b.param('x', 'f32', [4, 6]);
    b.output('same', x);
    b.output('flat', b.reshape(x, [24]));
    b.output('sum', b.binary('add', x, x));
    b.output('constant', b.constant('i32', [3], [1, 2, 3]));
    b.output('iota', b.emit('iota', [], { dtype: 'u32', shape: [3, 4], axis: 1 }));
    b.output('grown', b.reshape(b.binary('mul', x, x), [2, 12]));
  },
};

describe.each(availableGpus)('%s', (gpu) => {
  const check = (net: Specimen): Promise<void> => expectSameBits(net, { gpus: [gpu], variants: VARIANTS });

  describe('a concat', () => {
    test.each(Object.keys(CONCATS))('%s', (name) => check(specimen(CONCATS[name])));
  });
  describe('memory', () => {
    test.each(Object.keys(REUSE))('%s', (name) => check(specimen(REUSE[name])));
  });
});

test('a concat of values that are computed costs no kernel', () => {
  const { program } = specimen((b) => {
    const x = images(b);
    const w = b.weight('w', 'f32', [3, 3, 3, 3]);
    const c = conv3x3(b, x, w);
    b.output('y', conv3x3(b, concat(b, [relu(b, c), b.unary('neg', conv3x3(b, c, w))], 2), w));
  });
  const { plan } = prepare(program).planned;
  expect(plan.commands.map((command) => command.label.split(' ')[0])).toEqual([
    'conv+max',
    'conv+neg',
    'conv',
  ]);
});
