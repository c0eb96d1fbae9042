/** The text of typical kernels, for people to read and for changes to be seen. `vitest -u` writes them anew. */
import { expect, test } from 'vitest';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../../src/passes/target.js';
import { prepare } from '../../src/compile.js';
import type { GraphBuilder } from '../../src/ir/builder.js';
import { conv3x3, layerNorm, perChannel, relu, softmax } from '../support/compositions.js';
import { specimen } from '../support/specimen.js';

const KERNELS: Readonly<Record<string, (b: GraphBuilder) => void>> = {
  elementwise: (b) => {
    const [x, y] = [b.param('x', 'f32', [100, 30]), b.param('y', 'f32', [30, 100])];
    b.output('y', b.unary('tanh', b.binary('add', x, b.binary('mul', b.permute(y, [1, 0]), b.full(x, 0.5)))));
  },
  softmax: (b) => b.output('y', softmax(b, b.param('x', 'f32', [50, 1000]))),
  'layer-norm': (b) => b.output('y', layerNorm(b, b.param('x', 'f32', [50, 256]))),
  matmul: (b) => {
    const [x, w] = [b.param('x', 'f32', [256, 300]), b.weight('w', 'f32', [300, 128])];
    const y = b.emit('dot', [x, w], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
    b.output(
      'y',
      b.binary('add', y, b.broadcast(b.reshape(b.weight('b', 'f32', [128]), [1, 128]), [256, 128])),
    );
  },
  conv: (b) => {
    const x = b.param('x', 'f32', [1, 64, 28, 28]);
    const y = conv3x3(b, x, b.weight('w', 'f32', [64, 64, 3, 3]));
    b.output('y', relu(b, b.binary('add', y, perChannel(b, b.weight('b', 'f32', [64]), y))));
  },
  'max-pool': (b) => {
    const attrs = {
      kind: 'max',
      window: [1, 1, 3, 3],
      strides: [1, 1, 2, 2],
      dilations: [1, 1, 1, 1],
    } as const;
    const x = b.param('x', 'f32', [1, 16, 55, 55]);
    b.output('y', b.emit('reduceWindow', [x], { ...attrs, padLow: [0, 0, 0, 0], padHigh: [0, 0, 1, 1] }));
  },
};

/** What a software GPU gets in place of that. */
const SOFTWARE = {
  'softmax-alone': (b: GraphBuilder) => b.output('y', softmax(b, b.param('x', 'f32', [500, 100]))),
};

test.each([
  ...Object.entries(KERNELS).map(([name, define]) => ({ name, define, target: DEFAULT_TARGET })),
  ...Object.entries(SOFTWARE).map(([name, define]) => ({ name, define, target: SOFTWARE_TARGET })),
])('$name', async ({ name, define, target }) => {
  const { pipelines } = prepare(specimen(define).program, { target }).planned.plan;
  expect(pipelines.length).toBe(1);
  await expect(pipelines[0].code).toMatchFileSnapshot(`golden/${name}.wgsl`);
});
