/** If, Loop and Scan: what they compute, here and in a foreign runtime, and what is refused. */
import { describe, expect, test } from 'vitest';
import { node, tensor, type ProtoDType, type ProtoGraph } from '../../../scripts/onnx-proto.mjs';
import type { ErrorCode } from '../../../src/base/errors.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { prepare } from '../../../src/compile.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import {
  CASES,
  encoded,
  f32,
  flagPort,
  inner,
  LOOP_IN,
  one,
  scalar,
  summing,
  x3,
  type Case,
  type Port,
} from './control-cases.js';
import { runForeign } from './export/support.js';
import { errorOf, importVerified } from './support.js';

describe('values', () => {
  test.each(CASES)('$name', async (own) => {
    const bytes = encoded(own);
    const program = importVerified(bytes);
    for (const [op, count] of Object.entries(own.ops))
      expect([op, program.graph.nodes.filter((made) => made.op === op).length]).toEqual([op, count]);
    for (const [given, results] of own.runs) {
      const { outputs } = interpret(program, given);
      expect(own.output.map(([name]) => Array.from(outputs[name].data))).toEqual(results);
      if (own.own !== undefined) continue;
      const foreign = await runForeign(bytes, program, given);
      expect(own.output.map(([name]) => Array.from(foreign[name].data))).toEqual(results);
    }
  });

  test('a stacked output may be replaced by a constant number of trips', () => {
    const model: Case = { ...CASES[3], model: { ...CASES[3].model, initializer: [tensor('start', 'float', [3], [0, 10, 20])] }, input: [['M', 'int64', []], x3] }; // prettier-ignore
    const bytes = encoded(model);
    errorOf('ONNX_DYNAMIC_SHAPE', () => importOnnx(bytes));
    const trips: TensorData = { dtype: 'i32', shape: [], data: Int32Array.of(3) };
    importVerified(bytes, { weights: new Map([['M', trips]]) });
  });

  test('a value inside may be replaced', () => {
    const weights = new Map([['w', f32([6], [0, 0, 0, 0, 0, 0])]]);
    const { outputs } = interpret(importVerified(encoded(CASES[0]), { weights }), CASES[0].runs[1][0]);
    expect([...outputs.y.data]).toEqual([2, 4, 6]);
  });
});

/** A Loop with this body. */
const loopOf = (body: { graph: ProtoGraph }, starts: Port = x3, outputs = ['y']): Uint8Array =>
  encoded({
    model: { initializer: [scalar('M', 3)], node: [node('Loop', ['M', '', starts[0]], outputs, { body })] },
    input: [starts],
    output: [['y', 'float']],
  });
const ifOf = (then_branch: { graph: ProtoGraph }, else_branch: { graph: ProtoGraph }): Uint8Array =>
  encoded({
    model: { initializer: [one], node: [node('If', ['c'], ['y'], { then_branch, else_branch })] },
    input: [flagPort, x3],
    output: [['y', 'float']],
  });
const giving = (dtype: ProtoDType, nodes: ProtoGraph['node']): { graph: ProtoGraph } =>
  inner([], [['a', dtype]], nodes);
const negated = giving('float', [node('Neg', ['x'], ['a'])]);
const carrying = (dtype: ProtoDType, nodes: ProtoGraph['node']): { graph: ProtoGraph } =>
  inner([...LOOP_IN, ['s', 'float']], [['goes', 'bool'], ['t', dtype]], nodes); // prettier-ignore

/** A Loop that negates x as often as this says. */
const withTrips = (trips: ReturnType<typeof tensor>): Uint8Array =>
  encoded({
    model: {
      initializer: [trips],
      node: [node('Loop', ['M', '', 'x'], ['y'], { body: carrying('float', [node('Neg', ['s'], ['t'])]) })],
    },
    input: [x3],
    output: [['y', 'float']],
  });

/** Graphs inside of each other. */
function nested(depth: number): { graph: ProtoGraph } {
  let branch = negated;
  for (let i = 0; i < depth; i++)
    branch = giving('float', [node('If', ['c'], ['a'], { then_branch: branch, else_branch: negated })]);
  return branch;
}

const REFUSED: readonly (readonly [what: string, code: ErrorCode, bytes: Uint8Array, found: RegExp])[] = [
  ['branches of two shapes', 'ONNX_DYNAMIC_SHAPE', ifOf(giving('float', [node('ReduceSum', ['x'], ['a'], { keepdims: 0 })]), negated), /float\[\] of then_branch, float\[3\] of else_branch/], // prettier-ignore
  ['branches of two element types', 'ONNX_INVALID', ifOf(giving('int32', [node('Cast', ['x'], ['a'], { to: 6 })]), negated), /int32\[3\] of then_branch, float\[3\] of else_branch/], // prettier-ignore
  ['branches with other numbers of outputs', 'ONNX_INVALID', ifOf(inner([], [['a', 'float'], ['a', 'float']], [node('Neg', ['x'], ['a'])]), negated), /1 outputs/], // prettier-ignore
  ['a branch with an input', 'ONNX_INVALID', ifOf(inner([x3], [['x', 'float']], []), negated), /1 inputs/], // prettier-ignore
  ['graphs that are too deep', 'LIMIT_EXCEEDED', ifOf(nested(31), negated), /^$/],
  ['a body with too few inputs', 'ONNX_INVALID', loopOf(inner(LOOP_IN, [['goes', 'bool'], ['x', 'float']], [])), /2 inputs/], // prettier-ignore
  ['a body with too few outputs', 'ONNX_INVALID', loopOf(inner([...LOOP_IN, ['s', 'float']], [['goes', 'bool']], [])), /1 outputs/], // prettier-ignore
  ['a node with more outputs than its body', 'ONNX_INVALID', loopOf(carrying('float', [node('Neg', ['s'], ['t'])]), x3, ['y', 'z']), /2 outputs/], // prettier-ignore
  ['a carried value that changes its type', 'ONNX_INVALID', loopOf(carrying('int32', [node('Cast', ['s'], ['t'], { to: 6 })])), /int32\[3\]/], // prettier-ignore
  ['an input of a body of another type', 'ONNX_INVALID', loopOf(summing, ['x', 'int64', [3]]), /int64\[3\]/], // prettier-ignore
  ['a condition that is no bool', 'ONNX_INVALID', loopOf(inner([...LOOP_IN, ['s', 'float']], [['i', 'int64'], ['s', 'float']], [])), /int64\[\]/], // prettier-ignore
  ['a value that is nowhere', 'ONNX_INVALID', loopOf(carrying('float', [node('Add', ['s', 'nowhere'], ['t'])])), /nowhere/], // prettier-ignore
  ['a negative number of trips', 'ONNX_INVALID', encoded({ ...CASES[3], model: { ...CASES[3].model, initializer: [scalar('M', -1), tensor('start', 'float', [3], [0, 0, 0])] } }), /-1/], // prettier-ignore
  [
    'a number of trips that is no integer',
    'ONNX_INVALID',
    withTrips(scalar('M', 3, 'float')),
    /input 0 of type float/,
  ],
  ['two numbers of trips', 'ONNX_INVALID', withTrips(tensor('M', 'int64', [2], [3, 3])), /int64\[2\]/],
  ['more trips than a loop may have', 'LIMIT_EXCEEDED', withTrips(scalar('M', 2 ** 20 + 1)), /1048577 trips/],
  ['slices of two shapes', 'ONNX_INVALID', loopOf(inner([...LOOP_IN, ['s', 'float']], [['goes', 'bool'], ['t', 'float'], ['s', 'float']], [node('Concat', ['s', 's'], ['t'], { axis: 0 })]), x3, ['y', 'z']), /\[6\] after \[3\]/], // prettier-ignore
  ['a loop without end', 'ONNX_INVALID', encoded({ ...CASES[3], model: { initializer: [tensor('start', 'float', [3], [0, 0, 0])], node: [node('Loop', ['', '', 'start'], ['last', 'rows'], { body: summing })] } }), /always true/], // prettier-ignore
  ['scanned inputs of two lengths', 'ONNX_INVALID', encoded({ ...CASES[8], input: [['start', 'float', [2]], ['x', 'float', [3, 2]], ['y', 'float', [3, 2]]], model: { node: [node('Scan', ['start', 'x', 'y'], ['last', 'rows'], { num_scan_inputs: 2, scan_input_axes: [0, 1], body: inner([['s', 'float'], ['a', 'float'], ['b', 'float']], [['s', 'float'], ['a', 'float']], []) })] } }), /2 along axis 1/], // prettier-ignore
  ['a state of a Scan that changes its shape', 'ONNX_INVALID', encoded({ ...CASES[8], model: { node: [node('Scan', ['start', 'x'], ['last'], { num_scan_inputs: 1, body: inner([['s', 'float'], ['a', 'float']], [['a', 'float']], []) })] } }), /float\[3\] after a trip/], // prettier-ignore
];

test.each(REFUSED)('refused: %s', (_, code, bytes, found) => {
  const error = errorOf(code, () => importOnnx(bytes));
  expect(error.found ?? '').toMatch(found);
  expect(error.expected).toMatch(/./);
  expect(error.where).toMatch(/^the model/);
});

test('a while of as many trips as no loop may have ends by its condition', () => {
  const body = inner(
    [...LOOP_IN, ['s', 'float', [3]]],
    [
      ['more', 'bool'],
      ['t', 'float'],
    ],
    [
      node('Add', ['s', 's'], ['t']),
      node('ReduceMax', ['t'], ['m'], { keepdims: 0 }),
      node('Less', ['m', 'limit'], ['more']),
    ],
  );
  const program = importVerified(
    encoded({
      model: {
        initializer: [scalar('M', 2 ** 30), scalar('limit', 100, 'float')],
        node: [node('Loop', ['M', '', 'x'], ['y'], { body })],
      },
      input: [x3],
      output: [['y', 'float']],
    }),
  );
  expect([...interpret(program, { x: f32([3], [1, 2, 3]) }).outputs.y.data]).toEqual([64, 128, 192]);
  expect(() => prepare(program)).not.toThrow();
});

test('an error inside says where', () => {
  const error = errorOf('ONNX_UNSUPPORTED_OP', () =>
    importOnnx(ifOf(giving('float', [node('Nothing', ['x'], ['a'])]), negated), { fileName: 'f.onnx' }),
  );
  expect(error.where).toBe('f.onnx, node #0 (If), then_branch, node #0 (Nothing)');
});
