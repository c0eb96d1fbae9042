/** If, Loop and Scan: what they compute, here and in a foreign runtime, and what is refused. */
import { describe, expect, test } from 'vitest';
import {
  encodeModel,
  node,
  port,
  tensor,
  type ProtoDType,
  type ProtoGraph,
} from '../../../scripts/onnx-proto.mjs';
import type { ErrorCode } from '../../../src/base/errors.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import type { Op } from '../../../src/ir/ops.js';
import { runForeign } from './export/support.js';
import { errorOf, importVerified } from './support.js';

type Shape = readonly (number | string)[];
type Port = readonly [name: string, dtype: ProtoDType, shape?: Shape];

const ports = (list: readonly Port[]): ReturnType<typeof port>[] => list.map((own) => port(...own));
/** A graph inside of a node. */
const inner = (
  input: readonly Port[],
  output: readonly Port[],
  nodes: ProtoGraph['node'],
  initializer: ProtoGraph['initializer'] = [],
): { graph: ProtoGraph } => ({
  graph: { name: 'inner', node: nodes, input: ports(input), output: ports(output), initializer },
});

const f32 = (shape: readonly number[], data: readonly number[]): TensorData => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(data),
});
const flag = (value: boolean): TensorData => ({
  dtype: 'bool',
  shape: [],
  data: Uint8Array.of(value ? 1 : 0),
});

interface Case {
  readonly name: string;
  readonly model: Omit<ProtoGraph, 'input' | 'output'>;
  readonly input: readonly Port[];
  readonly output: readonly Port[];
  /** Given, with the results. */
  readonly runs: readonly (readonly [
    given: Readonly<Record<string, TensorData>>,
    results: readonly (readonly number[])[],
  ])[];
  readonly opset?: number;
  /** Ops that the graph has and does not have. */
  readonly ops: Partial<Record<Op, number>>;
  /** Why the foreign runtime is not asked. */
  readonly own?: string;
}

const scalar = (name: string, value: number | bigint, dtype: ProtoDType = 'int64') =>
  tensor(name, dtype, [], [value]);
const one = scalar('one', 1, 'float');

const x3: Port = ['x', 'float', [3]];
const flagPort: Port = ['c', 'bool', []];
const LOOP_IN: readonly Port[] = [
  ['i', 'int64', []],
  ['goes', 'bool', []],
];
/** A body that adds a captured x to what it carries, and gives it as a slice. */
const summing = inner(
  [...LOOP_IN, ['s', 'float', [3]]],
  [
    ['goes_on', 'bool', []],
    ['t', 'float', [3]],
    ['row', 'float', [3]],
  ],
  [
    node('Identity', ['goes'], ['goes_on']),
    node('Add', ['s', 'x'], ['t']),
    node('Cast', ['i'], ['n'], { to: 1 }),
    node('Mul', ['t', 'n'], ['row']),
  ],
);

const CASES: readonly Case[] = [
  {
    name: 'If takes both branches, with captures of one and of both',
    model: {
      initializer: [tensor('w', 'float', [6], [1, 2, 3, 4, 5, 6])],
      node: [
        node('Add', ['x', 'x'], ['twice']),
        node('If', ['c'], ['y', 'z'], {
          then_branch: inner([], [['a', 'float'], ['b', 'float']], [node('Mul', ['twice', 'x'], ['a']), node('Neg', ['twice'], ['b'])]), // prettier-ignore
          else_branch: inner([], [['a', 'float'], ['b', 'float']], [node('Slice', ['w', 'from', 'to'], ['p']), node('Sub', ['twice', 'p'], ['a']), node('Identity', ['x'], ['b'])], [tensor('from', 'int64', [1], [2]), tensor('to', 'int64', [1], [5])]), // prettier-ignore
        }),
      ],
    },
    input: [flagPort, x3],
    output: [['y', 'float'], ['z', 'float']], // prettier-ignore
    runs: [
      [{ c: flag(true), x: f32([3], [1, 2, 3]) }, [[2, 8, 18], [-2, -4, -6]]], // prettier-ignore
      [{ c: flag(false), x: f32([3], [1, 2, 3]) }, [[-1, 0, 1], [1, 2, 3]]], // prettier-ignore
    ],
    ops: { cond: 1, loop: 0 },
  },
  {
    name: 'If with a known condition is the branch that is taken',
    model: {
      initializer: [scalar('c', 0, 'bool')],
      node: [
        node('If', ['c'], ['y'], {
          then_branch: inner([], [['a', 'float']], [node('NotThere', ['x'], ['a'])]),
          else_branch: inner([], [['a', 'float']], [node('Neg', ['x'], ['a'])]),
        }),
      ],
    },
    input: [x3],
    output: [['y', 'float']],
    runs: [[{ x: f32([3], [1, 2, 3]) }, [[-1, -2, -3]]]],
    ops: { cond: 0, neg: 1 },
    own: 'it wants to know all operators',
  },
  {
    name: 'what both branches know stays known; equal names in them are two values',
    model: {
      node: [
        node('If', ['c'], ['shape', 'w'], {
          then_branch: inner([], [['s', 'int64'], ['v', 'float']], [], [tensor('s', 'int64', [2], [1, 3]), tensor('v', 'float', [5], [1, 2, 3, 4, 5])]), // prettier-ignore
          else_branch: inner([], [['s', 'int64'], ['v', 'float']], [], [tensor('s', 'int64', [2], [1, 3]), tensor('v', 'float', [5], [5, 4, 3, 2, 1])]), // prettier-ignore
        }),
        node('Reshape', ['x', 'shape'], ['y']),
        node('Neg', ['w'], ['z']),
      ],
    },
    input: [flagPort, x3],
    output: [['y', 'float'], ['z', 'float']], // prettier-ignore
    runs: [
      [{ c: flag(true), x: f32([3], [1, 2, 3]) }, [[1, 2, 3], [-1, -2, -3, -4, -5]]], // prettier-ignore
      [{ c: flag(false), x: f32([3], [1, 2, 3]) }, [[1, 2, 3], [-5, -4, -3, -2, -1]]], // prettier-ignore
    ],
    ops: { cond: 1 },
  },
  {
    name: 'a counted Loop with a stacked output',
    model: {
      initializer: [scalar('M', 3), tensor('start', 'float', [3], [0, 10, 20])],
      node: [node('Loop', ['M', '', 'start'], ['last', 'rows'], { body: summing })],
    },
    input: [x3],
    output: [['last', 'float'], ['rows', 'float', [3, 3]]], // prettier-ignore
    runs: [[{ x: f32([3], [1, 2, 3]) }, [[3, 16, 29], [0, 0, 0, 2, 14, 26, 6, 32, 58]]]], // prettier-ignore
    ops: { loop: 1, concat: 0 },
  },
  {
    name: 'a Loop of no trips',
    model: {
      initializer: [scalar('M', 0), tensor('start', 'float', [3], [0, 10, 20])],
      node: [node('Loop', ['M', '', 'start'], ['last', 'rows'], { body: summing })],
    },
    input: [x3],
    output: [['last', 'float'], ['rows', 'float', [0, 3]]], // prettier-ignore
    runs: [[{ x: f32([3], [1, 2, 3]) }, [[0, 10, 20], []]]],
    ops: { loop: 1 },
  },
  {
    name: 'a Loop that a computed condition ends, in a Loop that a computed number ends',
    model: {
      initializer: [one, scalar('limit', 100, 'float'), scalar('most', 9223372036854775807n)],
      node: [
        node('Loop', ['M', '', 'x'], ['y'], {
          body: inner(
            [...LOOP_IN, ['s', 'float', []]],
            [['goes_on', 'bool'], ['t', 'float']], // prettier-ignore
            [
              node('Identity', ['goes'], ['goes_on']),
              node('Add', ['s', 'one'], ['u']),
              node('Less', ['u', 'limit'], ['first']),
              node('Loop', ['most', 'first', 'u'], ['t'], {
                body: inner(
                  [['j', 'int64', []], ['on', 'bool', []], ['v', 'float', []]], // prettier-ignore
                  [['again', 'bool'], ['r', 'float']], // prettier-ignore
                  [node('Add', ['v', 'u'], ['r']), node('Less', ['r', 'limit'], ['again'])],
                ),
              }),
            ],
          ),
        }),
      ],
    },
    input: [['M', 'int64', []], ['x', 'float', []]], // prettier-ignore
    output: [['y', 'float']],
    runs: [
      [{ M: { dtype: 'i32', shape: [], data: Int32Array.of(0) }, x: f32([], [6]) }, [[6]]],
      [{ M: { dtype: 'i32', shape: [], data: Int32Array.of(1) }, x: f32([], [6]) }, [[105]]],
      [{ M: { dtype: 'i32', shape: [], data: Int32Array.of(3) }, x: f32([], [6]) }, [[107]]],
    ],
    ops: { loop: 1 },
    own: 'its int64 are i32 here',
  },
  {
    name: 'a Loop that grows what it carries is spelled out',
    model: {
      initializer: [scalar('M', 3), tensor('axis', 'int64', [1], [0]), tensor('step', 'int64', [1], [1])],
      node: [
        node('Loop', ['M', '', 'x'], ['y', 'rows'], {
          body: inner(
            [...LOOP_IN, ['s', 'float', ['n']]],
            [['goes_on', 'bool'], ['t', 'float'], ['row', 'float']], // prettier-ignore
            [
              node('Identity', ['goes'], ['goes_on']),
              node('Unsqueeze', ['i', 'axis'], ['from']),
              node('Add', ['from', 'step'], ['to']),
              node('Slice', ['x', 'from', 'to'], ['row']),
              node('Concat', ['s', 'row'], ['t'], { axis: 0 }),
            ],
          ),
        }),
      ],
    },
    input: [x3],
    output: [['y', 'float', [6]], ['rows', 'float', [3, 1]]], // prettier-ignore
    runs: [[{ x: f32([3], [1, 2, 3]) }, [[1, 2, 3, 1, 2, 3], [1, 2, 3]]]], // prettier-ignore
    ops: { loop: 0 },
  },
  {
    name: 'values that a Loop carries unchanged stay known',
    model: {
      initializer: [scalar('M', 2), tensor('shape', 'int64', [2], [3, 1])],
      node: [
        node('Loop', ['M', '', 'x', 'shape'], ['y', 's'], {
          body: inner(
            [...LOOP_IN, ['a', 'float', [3]], ['to', 'int64', [2]]],
            [['goes_on', 'bool'], ['b', 'float'], ['again', 'int64']], // prettier-ignore
            [
              node('Identity', ['goes'], ['goes_on']),
              node('Identity', ['to'], ['again']),
              node('Reshape', ['a', 'to'], ['column']),
              node('ReduceSum', ['column'], ['sum'], { keepdims: 0 }),
              node('Add', ['a', 'sum'], ['b']),
            ],
          ),
        }),
        node('Reshape', ['y', 's'], ['z']),
      ],
    },
    input: [x3],
    output: [['z', 'float', [3, 1]]],
    runs: [[{ x: f32([3], [1, 2, 3]) }, [[31, 32, 33]]]],
    ops: { loop: 1 },
  },
  {
    name: 'Scan in both directions, along any axis',
    model: {
      node: [
        node('Scan', ['start', 'x', 'x'], ['last', 'rows'], {
          num_scan_inputs: 2,
          scan_input_axes: [1, -1],
          scan_input_directions: [0, 1],
          scan_output_axes: [-1],
          scan_output_directions: [1],
          body: inner(
            [['s', 'float', [2]], ['a', 'float', [2]], ['b', 'float', [2]]], // prettier-ignore
            [['t', 'float'], ['row', 'float']], // prettier-ignore
            [node('Add', ['s', 'a'], ['t']), node('Mul', ['t', 'b'], ['row'])],
          ),
        }),
      ],
    },
    input: [['start', 'float', [2]], ['x', 'float', [2, 3]]], // prettier-ignore
    output: [['last', 'float', [2]], ['rows', 'float', [2, 3]]], // prettier-ignore
    runs: [
      [{ start: f32([2], [0, 100]), x: f32([2, 3], [1, 2, 3, 4, 5, 6]) }, [[6, 115], [6, 6, 3, 460, 545, 624]]], // prettier-ignore
    ],
    ops: { loop: 1 },
  },
  {
    name: 'Scan of version 8, over sequences of several lengths',
    model: {
      node: [
        node('Scan', ['lengths', 'start', 'x'], ['last', 'rows'], {
          num_scan_inputs: 1,
          body: inner(
            [['s', 'float', []], ['a', 'float', []]], // prettier-ignore
            [['t', 'float', []], ['row', 'float', []]], // prettier-ignore
            [node('Add', ['s', 'a'], ['t']), node('Add', ['t', 'one'], ['row'])],
          ),
        }),
      ],
      initializer: [one, tensor('lengths', 'int64', [2], [3, 1])],
    },
    input: [['start', 'float', [2]], ['x', 'float', [2, 3]]], // prettier-ignore
    output: [['last', 'float', [2]], ['rows', 'float', [2, 3]]], // prettier-ignore
    runs: [
      [{ start: f32([2], [0, 100]), x: f32([2, 3], [1, 2, 3, 4, 5, 6]) }, [[6, 104], [2, 4, 7, 105, 0, 0]]], // prettier-ignore
    ],
    opset: 8,
    ops: { loop: 1 },
  },
  {
    name: 'a capture that is computed after the node in the file',
    model: {
      node: [
        node('If', ['c'], ['y'], {
          then_branch: inner([], [['a', 'float']], [node('Neg', ['late'], ['a'])]),
          else_branch: inner([], [['late', 'float']], []),
        }),
        node('Add', ['x', 'x'], ['late']),
      ],
    },
    input: [flagPort, x3],
    output: [['y', 'float']],
    runs: [[{ c: flag(false), x: f32([3], [1, 2, 3]) }, [[2, 4, 6]]]],
    ops: { cond: 1 },
    own: 'it wants files in order',
  },
];

const encoded = ({
  model,
  input,
  output,
  opset = 16,
}: Pick<Case, 'model' | 'input' | 'output' | 'opset'>): Uint8Array =>
  encodeModel({ name: 'g', ...model, input: ports(input), output: ports(output) }, { opset });

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
  ['a loop without end', 'ONNX_INVALID', encoded({ ...CASES[3], model: { initializer: [tensor('start', 'float', [3], [0, 0, 0])], node: [node('Loop', ['', '', 'start'], ['last', 'rows'], { body: summing })] } }), /always true/], // prettier-ignore
  ['scanned inputs of two lengths', 'ONNX_INVALID', encoded({ ...CASES[8], input: [['start', 'float', [2]], ['x', 'float', [3, 2]], ['y', 'float', [3, 2]]], model: { node: [node('Scan', ['start', 'x', 'y'], ['last', 'rows'], { num_scan_inputs: 2, scan_input_axes: [0, 1], body: inner([['s', 'float'], ['a', 'float'], ['b', 'float']], [['s', 'float'], ['a', 'float']], []) })] } }), /2 along axis 1/], // prettier-ignore
  ['a state of a Scan that changes its shape', 'ONNX_INVALID', encoded({ ...CASES[8], model: { node: [node('Scan', ['start', 'x'], ['last'], { num_scan_inputs: 1, body: inner([['s', 'float'], ['a', 'float']], [['a', 'float']], []) })] } }), /float\[3\] after a trip/], // prettier-ignore
];

test.each(REFUSED)('refused: %s', (_, code, bytes, found) => {
  const error = errorOf(code, () => importOnnx(bytes));
  expect(error.found ?? '').toMatch(found);
});

test('an error inside says where', () => {
  const error = errorOf('ONNX_UNSUPPORTED_OP', () =>
    importOnnx(ifOf(giving('float', [node('Nothing', ['x'], ['a'])]), negated), { fileName: 'f.onnx' }),
  );
  expect(error.where).toBe('f.onnx, node #0 (If), then_branch, node #0 (Nothing)');
});
