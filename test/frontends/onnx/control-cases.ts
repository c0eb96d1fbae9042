/** Models with If, Loop and Scan, and what they compute. */
import {
  encodeModel,
  node,
  port,
  tensor,
  type ProtoDType,
  type ProtoGraph,
} from '../../../scripts/onnx-proto.mjs';
import type { TensorData } from '../../../src/base/tensor.js';
import type { Op } from '../../../src/ir/ops.js';

type Shape = readonly (number | string)[];
export type Port = readonly [name: string, dtype: ProtoDType, shape?: Shape];

export const ports = (list: readonly Port[]): ReturnType<typeof port>[] => list.map((own) => port(...own));
/** A graph inside of a node. */
export const inner = (
  input: readonly Port[],
  output: readonly Port[],
  nodes: ProtoGraph['node'],
  initializer: ProtoGraph['initializer'] = [],
): { graph: ProtoGraph } => ({
  graph: { name: 'inner', node: nodes, input: ports(input), output: ports(output), initializer },
});

export const f32 = (shape: readonly number[], data: readonly number[]): TensorData => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(data),
});
const flag = (value: boolean): TensorData => ({
  dtype: 'bool',
  shape: [],
  data: Uint8Array.of(value ? 1 : 0),
});

export interface Case {
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

export const scalar = (
  name: string,
  value: number | bigint,
  dtype: ProtoDType = 'int64',
): ReturnType<typeof tensor> => tensor(name, dtype, [], [value]);
export const one = scalar('one', 1, 'float');

export const x3: Port = ['x', 'float', [3]];
export const flagPort: Port = ['c', 'bool', []];
export const LOOP_IN: readonly Port[] = [
  ['i', 'int64', []],
  ['goes', 'bool', []],
];
/** A body that adds a captured x to what it carries, and gives it as a slice. */
export const summing = inner(
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

export const CASES: readonly Case[] = [
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

export const encoded = ({
  model,
  input,
  output,
  opset = 16,
}: Pick<Case, 'model' | 'input' | 'output' | 'opset'>): Uint8Array =>
  encodeModel({ name: 'g', ...model, input: ports(input), output: ports(output) }, { opset });
