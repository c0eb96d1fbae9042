/** Sequences and optional values, which are resolved while importing. */
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoGraph } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { errorOf, importVerified } from './support.js';

type Nodes = Parameters<typeof encodeModel>[0]['node'];

const bytesOf = (nodes: Nodes, dtype: 'float' | 'int64' | 'bool' = 'float'): Uint8Array =>
  encodeModel(
    {
      name: 'g',
      node: nodes,
      initializer: [
        tensor('first', 'int64', [], [0]),
        tensor('last', 'int64', [], [-1]),
        tensor('beyond', 'int64', [], [9]),
        tensor('two', 'int64', [], [2]),
        tensor('sizes', 'int64', [2], [1, 4]),
      ],
      input: [port('x', 'float', [5])],
      output: [port('y', dtype)],
    },
    { opset: 18 },
  );

/** The output y for x = 1, 2, 3, 4, 5. */
function run(
  nodes: Nodes,
  dtype: 'float' | 'int64' | 'bool' = 'float',
): { shape: readonly number[]; data: number[] } {
  const x = { dtype: 'f32', shape: [5], data: Float32Array.of(1, 2, 3, 4, 5) } as const;
  const program = importVerified(bytesOf(nodes, dtype));
  const { y } = interpret(program, program.inputs.length === 0 ? {} : { x }).outputs;
  return { shape: y.shape, data: Array.from(y.data, Number) };
}

const at = (sequence: string, position: string): Nodes[number] =>
  node('SequenceAt', [sequence, position], ['y']);
const halves = node('SplitToSequence', ['x', 'two'], ['s']);
const joined = (axis: number, stacks = 0): Nodes[number] =>
  node('ConcatFromSequence', ['s'], ['y'], { axis, new_axis: stacks });

describe('sequences', () => {
  test('splits by a size, by sizes, and into elements', () => {
    expect(run([halves, at('s', 'last')])).toEqual({ shape: [1], data: [5] });
    expect(run([node('SplitToSequence', ['x', 'sizes'], ['s']), at('s', 'last')]).data).toEqual([2, 3, 4, 5]);
    expect(run([node('SplitToSequence', ['x'], ['s']), at('s', 'last')])).toEqual({ shape: [1], data: [5] });
    const apart = node('SplitToSequence', ['x'], ['s'], { keepdims: 0 });
    expect(run([apart, at('s', 'first')])).toEqual({ shape: [], data: [1] });
    expect(run([apart, joined(0, 1)])).toEqual({ shape: [5], data: [1, 2, 3, 4, 5] });
  });

  test('grow, shrink and are joined', () => {
    const made = node('SequenceConstruct', ['x', 'x'], ['s0']);
    expect(run([made, node('SequenceLength', ['s0'], ['y'])], 'int64')).toEqual({ shape: [], data: [2] });
    const twice = node('Add', ['x', 'x'], ['z']);
    const grown = node('SequenceInsert', ['s0', 'z', 'last'], ['s']);
    expect(run([made, twice, grown, joined(0)]).data).toEqual([1, 2, 3, 4, 5, 2, 4, 6, 8, 10, 1, 2, 3, 4, 5]);
    expect(run([made, node('SequenceErase', ['s0', 'first'], ['s']), joined(-2, 1)])).toEqual({ shape: [1, 5], data: [1, 2, 3, 4, 5] }); // prettier-ignore
    const empty = node('SequenceEmpty', [], ['s0'], { dtype: 1 });
    expect(run([empty, node('SequenceInsert', ['s0', 'x'], ['s']), node('Identity', ['s'], ['t']), at('t', 'first')]).data).toEqual([1, 2, 3, 4, 5]); // prettier-ignore
  });

  test('are mapped, element by element', () => {
    const body = {
      name: 'body',
      node: [node('Add', ['a', 'b'], ['sum']), node('Shape', ['a'], ['shape'])],
      input: [port('a', 'float', ['n']), port('b', 'float', [1])],
      output: [port('sum', 'float'), port('shape', 'int64')],
    };
    const map = (results: readonly string[]): Nodes[number] =>
      node('SequenceMap', ['parts', 'x1'], results, { body: { graph: body } });
    const parts = node('SplitToSequence', ['x', 'two'], ['parts']);
    const one = node('Slice', ['x', 'starts', 'ends'], ['x1']);
    const constants = [['starts', 1], ['ends', 2]].map(([name, value]) => node('Constant', [], [`${name}`], { value_ints: [Number(value)] })); // prettier-ignore
    expect(run([...constants, parts, one, map(['s', 'shapes']), joined(0)]).data).toEqual([3, 4, 5, 6, 7]);
    expect(run([...constants, parts, one, map(['sums', 's']), joined(0)], 'int64').data).toEqual([2, 2, 1]);
  });

  test('what does not fit is refused', () => {
    const refuse = (
      code: 'ONNX_INVALID' | 'ONNX_UNSUPPORTED_FEATURE' | 'ATTRIBUTE_INVALID',
      ...nodes: Nodes
    ): unknown =>
      // prettier-ignore
      errorOf(code, () => importOnnx(bytesOf(nodes)));
    refuse('ONNX_INVALID', halves, at('s', 'beyond'));
    refuse('ONNX_INVALID', at('x', 'first'));
    refuse('ONNX_INVALID', node('SequenceEmpty', [], ['s']), joined(0));
    refuse(
      'ONNX_INVALID',
      node('SequenceEmpty', [], ['s0']),
      node('SequenceErase', ['s0'], ['s']),
      joined(0),
    );
    refuse('ONNX_INVALID', node('SequenceConstruct', ['x', 'first'], ['s']), joined(0));
    refuse('ATTRIBUTE_INVALID', halves, joined(1));
    refuse('ONNX_UNSUPPORTED_FEATURE', halves, node('Relu', ['s'], ['y']));
    refuse('ONNX_UNSUPPORTED_FEATURE', node('SequenceConstruct', ['x'], ['y']));
  });
});

test('a branch that is taken at run time gives a sequence, element by element', () => {
  const branch = (name: string, factor: number): { graph: ProtoGraph } => ({
    graph: {
      name,
      node: [
        node('Constant', [], [`${name}_c`], { value_float: { float: factor } }),
        node('Mul', ['x', `${name}_c`], [`${name}_p`]),
        node('SequenceConstruct', [`${name}_p`, `${name}_c`], [`${name}_s`]),
      ],
      output: [port(`${name}_s`, 'float')],
    },
  });
  const nodes = [
    node('ReduceSum', ['x'], ['sum'], { keepdims: 0 }),
    node('Cast', ['sum'], ['taken'], { to: 9 }),
    node('If', ['taken'], ['s'], { then_branch: branch('then', 2), else_branch: branch('else', 3) }),
  ];
  expect(run([...nodes, at('s', 'first')]).data).toEqual([2, 4, 6, 8, 10]);
  expect(run([...nodes, at('s', 'last')])).toEqual({ shape: [], data: [2] });
  const uneven = branch('else', 3);
  const shorter = { graph: { ...uneven.graph, node: [...uneven.graph.node.slice(0, 2), node('SequenceConstruct', ['else_p'], ['else_s'])] } }; // prettier-ignore
  const given = [...nodes.slice(0, 2), node('If', ['taken'], ['s'], { then_branch: branch('then', 2), else_branch: shorter })]; // prettier-ignore
  errorOf('ONNX_DYNAMIC_SHAPE', () => importOnnx(bytesOf([...given, at('s', 'first')])));
});

test('optional values are values', () => {
  const made = node('Optional', ['x'], ['o']);
  expect(run([made, node('OptionalGetElement', ['o'], ['y'])]).data).toEqual([1, 2, 3, 4, 5]);
  expect(run([made, node('OptionalHasElement', ['o'], ['y'])], 'bool').data).toEqual([1]);
  expect(run([node('OptionalHasElement', [], ['y'])], 'bool').data).toEqual([0]);
  // TypeProto: a tensor of float.
  const type = Uint8Array.of(0x0a, 2, 0x08, 1);
  const none = node('Optional', [], ['o'], { type: { tp: type } });
  expect(run([none, node('OptionalHasElement', ['o'], ['y'])], 'bool').data).toEqual([0]);
  errorOf('ONNX_INVALID', () => importOnnx(bytesOf([none, node('OptionalGetElement', ['o'], ['y'])])));
  errorOf('ONNX_INVALID', () => importOnnx(bytesOf([node('Optional', [], ['y'])])));
});
