/** What loops and conds refuse: each error names both sides. */
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/errors.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { OpAttrs } from '../../src/ir/ops.js';
import { parseGraph } from '../../src/ir/parse.js';
import type { TensorType } from '../../src/ir/types.js';
import { derive } from '../passes/differentiate/support.js';
import { emitCond, emitLoop, innerGraph, type LoopSpec } from '../support/inner.js';
import { SUMS } from './support.js';

const F32: TensorType = { dtype: 'f32', shape: [3] };

type Body = Parameters<typeof emitLoop>[2];

/** A loop that carries f32[3] and goes over f32[4,3]. */
function looped(spec: Partial<LoopSpec>, body: Body = (_, __, held) => [held]): unknown {
  const b = new GraphBuilder('bad');
  const [x, rows] = [b.param('x', 'f32', [3]), b.param('rows', 'f32', [4, 3])];
  return emitLoop(b, { trips: 4, carried: [x], sliced: [rows], ...spec }, body);
}

const flag = (b: GraphBuilder): GraphValue => b.constant('bool', [], 1);

/** A loop with attributes as they are given. */
function raw(attrs: Partial<OpAttrs['loop']>, inputs: (b: GraphBuilder) => readonly GraphValue[]): unknown {
  const b = new GraphBuilder('raw');
  const body = innerGraph([{ dtype: 'i32', shape: [] }, F32], (_, __, held) => [held]);
  const none = { sliceAxes: [], sliceSteps: [], stackAxes: [], stackSteps: [] };
  return b.emit('loop', inputs(b), { body, carries: 1, trips: 2, conditional: false, ...none, ...attrs });
}

const x = (b: GraphBuilder): GraphValue => b.param('x', 'f32', [3]);

describe.each<[string, () => unknown, RegExp]>([
  ['a carried value that changes its dtype', () => looped({}, (b, _, held) => [b.cast(held, 'f16')]), /DTYPE_MISMATCH.*carried value 0 after a trip[^]*f16\[3\][^]*f32\[3\]/],
  ['a carried value that changes its shape', () => looped({}, (b, _, held) => [b.reshape(held, [3, 1])]), /SHAPE_MISMATCH.*carried value 0 after a trip[^]*f32\[3,1\][^]*f32\[3\]/],
  ['a stacked input of another length', () => looped({ trips: 5 }), /SHAPE_MISMATCH.*loop[^]*f32\[4,3\][^]*5 along axis 0/],
  ['a negative number of trips', () => raw({ trips: -1 }, (b) => [x(b)]), /ATTRIBUTE_INVALID.*loop[^]*-1 trips[^]*>= 0/],
  ['a number of trips that is no integer', () => raw({ trips: 1.5 }, (b) => [x(b)]), /ATTRIBUTE_INVALID[^]*1\.5 trips/],
  ['no bound and no condition', () => raw({ trips: Infinity }, (b) => [x(b)]), /ATTRIBUTE_INVALID[^]*Infinity trips/],
  ['stacked outputs without a bound', () => { const b = new GraphBuilder('stacks'); return emitLoop(b, { trips: Infinity, condition: flag(b), carried: [x(b)], stackAxes: [0] }, (i, _, held) => [flag(i), held, held]); }, /ATTRIBUTE_INVALID[^]*unbounded number of trips[^]*a bound/],
  ['a body of too few outputs', () => looped({}, () => []), /IR_INVALID.*loop[^]*0 outputs of the body[^]*1 outputs/],
  ['a body of too many outputs', () => looped({}, (_, __, held) => [held, held]), /IR_INVALID.*loop[^]*2 outputs of the body[^]*1 outputs/],
  ['a body of other params', () => raw({}, (b) => [x(b), b.param('y', 'f32', [2])]), /IR_INVALID.*loop[^]*2 params of the body[^]*3 params/],
  ['a direction of 2', () => looped({ sliceSteps: [2] }), /ATTRIBUTE_INVALID[^]*step of 2[^]*1 or -1/],
  ['an axis that there is not', () => looped({ sliceAxes: [7] }), /loop[^]*axis/i],
  ['a predicate of f32', () => { const b = new GraphBuilder('c'); return emitCond(b, b.param('p', 'f32', []), [], (i) => [flag(i)], (i) => [flag(i)]); }, /DTYPE_MISMATCH.*cond.*predicate[^]*f32\[\][^]*i32\[\]/],
  ['a bool and three branches', () => { const b = new GraphBuilder('c'); return emitCond(b, flag(b), [], (i) => [flag(i)], (i) => [flag(i)], (i) => [flag(i)]); }, /IR_INVALID.*cond[^]*3 branches[^]*2 branches/],
  ['branches of other types', () => { const b = new GraphBuilder('c'); return emitCond(b, flag(b), [], (i) => [flag(i)], (i) => [i.constant('f32', [], 1)]); }, /DTYPE_MISMATCH.*output 0 of branch 1[^]*f32\[\][^]*bool\[\]/],
  ['branches of other numbers of outputs', () => { const b = new GraphBuilder('c'); return emitCond(b, flag(b), [], (i) => [flag(i)], (i) => [flag(i), flag(i)]); }, /IR_INVALID.*cond[^]*2 outputs of branch 1[^]*1 outputs/],
])('%s', (_, make, message) => {
  test('is refused', () => expect(make).toThrow(message));
}); // prettier-ignore

test('a while without a bound has no derivative', () => {
  const b = new GraphBuilder('while');
  const given = x(b);
  const [y] = emitLoop(b, { trips: Infinity, condition: flag(b), carried: [given] }, (inner, _, held) => [flag(inner), inner.binary('mul', held, held)]); // prettier-ignore
  b.output('y', b.reduce('sum', y, [0]));
  expect(() => derive(b.build())).toThrow(/bound/);
});

/** The loop with one thing changed. */
const changed = (from: string, to: string): string => SUMS.replace(from, to);

test.each<[from: string, to: string, code: ErrorCode, line: number, found: string, expected: RegExp]>([
  ['trips=3', 'trips=-1', 'ATTRIBUTE_INVALID', 4, '-1 trips', />= 0/],
  ['trips=3', 'trips=1.5', 'IR_PARSE', 4, '1.5', /an integer/],
  ['trips=3', 'trips=Infinity', 'ATTRIBUTE_INVALID', 4, 'Infinity trips', />= 0/],
  ['trips=3', 'trips=4', 'SHAPE_MISMATCH', 4, 'stacked input 0: f32[3,2]', /4 along axis 0/],
  ['carries=1', 'carries=2', 'IR_INVALID', 4, '2 operands', /at least 3/],
  ['conditional=false', 'conditional=true', 'IR_INVALID', 4, '2 operands', /at least 3/],
  ['conditional=false', 'conditional=maybe', 'IR_PARSE', 4, 'maybe', /./],
  ['%3 = add %1 %2 : f32[2]', '%3 = reshape %1 : f32[2,1]', 'SHAPE_MISMATCH', 4, 'f32[2,1]', /f32\[2\]/],
  ['%3 = add %1 %2 : f32[2]', '%3 = cast %1 : i32[2]', 'DTYPE_MISMATCH', 4, 'i32[2]', /f32\[2\]/],
  ['"sum"=%3 "sums"=%3', '"sum"=%3', 'IR_INVALID', 4, '1 outputs of the body', /2 outputs of the body/],
  ['"sum"=%3 "sums"=%3', '"sum"=%9', 'IR_PARSE', 9, '%9', /defined above/],
  ['(f32[2], f32[3,2])', '(f32[2], f32[4,2])', 'IR_PARSE', 10, '(f32[2], f32[4,2])', /\(f32\[2\], f32\[3,2\]\)/],
  ['{index=1}', '{index=2}', 'ATTRIBUTE_INVALID', 11, 'part 2', /below 2/],
])('as text: %s -> %s', (from, to, code, line, found, expected) => {
  let error: unknown;
  try {
    parseGraph(changed(from, to));
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code, where: `line ${line}`, found, expected: expect.stringMatching(expected) as string });
}); // prettier-ignore
