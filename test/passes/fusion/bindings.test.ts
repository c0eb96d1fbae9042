/** What kernels bind: no more than a device has, whatever the buffers are that values lie in. */
import { describe, expect, test } from 'vitest';
import { prepare } from '../../../src/compile.js';
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import { DEFAULT_TARGET, type Target } from '../../../src/passes/target.js';
import { expectSameBits } from '../../support/differential.js';
import { availableGpus } from '../../support/gpu.js';
import { emitLoop } from '../../support/inner.js';
import { specimen } from '../../support/specimen.js';

/** Windows of 64 elements. */
const target: Target = { ...DEFAULT_TARGET, bindingBytes: 256 };

const add = (b: GraphBuilder, values: readonly GraphValue[]): GraphValue =>
  values.reduce((sum, value) => b.emit('add', [sum, value], {}));

const params = (b: GraphBuilder, count: number, shape: readonly number[]): readonly GraphValue[] =>
  Array.from({ length: count }, (_, i) => b.param(`x${i}`, 'f32', shape));

/** Trips whose kernel would bind four windows for each slice of 16 elements. */
const sliced = specimen((b) => {
  const xs = params(b, 3, [16, 16]);
  const start = b.param('start', 'f32', [16]);
  const [end] = emitLoop(b, { trips: 16, carried: [start], sliced: xs }, (inner, _, total, ...slices) => [
    add(inner, [total, ...slices]),
  ]);
  b.output('end', end);
});

/** The same for results that are stacked. */
const stacked = specimen((b) => {
  const start = b.param('start', 'f32', [16]);
  const parts = emitLoop(b, { trips: 16, carried: [start], stackAxes: [0, 0, 0] }, (inner, _, total) => {
    const next = inner.emit('add', [total, total], {});
    return [next, inner.unary('neg', next), inner.unary('abs', next), inner.emit('mul', [next, total], {})];
  });
  parts.forEach((part, i) => b.output(`y${i}`, part));
});

/** Parts of two concats of four windows that would be results of one kernel. */
const parts = specimen((b) => {
  const [x, ...others] = params(b, 4, [16]);
  const [sine, cosine, root] = [b.unary('tanh', x), b.unary('exp', x), b.unary('log', x)];
  const long = b.param('long', 'f32', [240]);
  [sine, cosine, root].forEach((part, i) => b.output(`y${i}`, b.emit('concat', [part, long], { axis: 0 })));
  b.output('sum', add(b, [sine, cosine, root, ...others]));
});

describe.each([
  ['slices of trips', sliced],
  ['stacks of trips', stacked],
  ['parts of concats', parts],
] as const)('%s', (_, { program, ...rest }) => {
  test('kernels of several ops bind what there is', () => {
    const { plan, groups } = prepare(program, { target }).planned;
    plan.commands.forEach(({ label, regions }, i) => {
      if (groups[i].members.length > 1)
        expect([label, regions.length <= target.storageBuffers]).toEqual([label, true]);
    });
  });

  test.runIf(availableGpus.length > 0)('with the same bits in windows', async () => {
    await expectSameBits({ program, ...rest }, { variants: ['windows'] });
  });
});
