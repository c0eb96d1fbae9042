import { describe, expect, test } from 'vitest';
import type { HeddleError } from '../../src/base/errors.js';
import type { TensorData } from '../../src/base/tensor.js';
import { evaluateNode, interpret } from '../../src/interpreter/index.js';
import type { Program } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { expectSame, MODES, numbers, tensor } from './support.js';

const program = (text: string, weights: Record<string, TensorData> = {}): Program => ({
  graph: parseGraph(text),
  weights: new Map(Object.entries(weights)),
});

const mlp = program(
  `graph mlp {
     %0 = param {name="x"} : f32[1,2]
     %1 = weight {id="w"} : f32[2,3]
     %2 = dot %0 %1 {lhsContract=[1] rhsContract=[0]} : f32[1,3]
     %3 = exp %0 : f32[1,2]
     %4 = neg %2 : f32[1,3]
     return y=%4 again=%2
   }`,
  { w: tensor('f32', [2, 3], [1, 2, 3, 4, 5, 6]) },
);
const x = tensor('f32', [1, 2], [1, 10]);

/** Runs `body` and returns the error that it has to throw. */
function errorOf(body: () => unknown): HeddleError {
  try {
    body();
  } catch (error) {
    return error as HeddleError;
  }
  throw new Error('nothing was thrown');
}

describe('interpret', () => {
  test('refuses what no memory holds before it computes anything', () => {
    const chain = Array.from({ length: 13 }, (_, i) => `%${i + 1} = broadcast %0 {shape=[2147483647]} : f32[2147483647]`); // prettier-ignore
    const outputs = chain.map((_, i) => `y${i}=%${i + 1}`).join(' ');
    const huge = program(
      `graph huge { %0 = param {name="x"} : f32[1] ${chain.join('\n')} return ${outputs} }`,
    );
    const error = errorOf(() => interpret(huge, { x: tensor('f32', [1], [1]) }));
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED', found: `${2 * 13 * 4 * 2147483647} bytes` });
  });

  test('free dimensions have the sizes of the inputs', () => {
    const double = program(`graph g {
      %0 = param {name="x"} : f32[N]
      %1 = add %0 %0 : f32[N]
      return y=%1
    }`);
    for (const values of [[], [1], [1, 2, 3]])
      expect(interpret(double, { x: tensor('f32', [values.length], values) }).outputs.y).toEqual(
        tensor('f32', [values.length], values.map((value) => 2 * value)), // prettier-ignore
      );
  });

  test('runs a program', () => {
    const { outputs, subnormals } = interpret(mlp, { x });
    expect(Object.keys(outputs)).toEqual(['y', 'again']);
    expectSame(numbers(outputs.y), [-41, -52, -63]);
    expect(outputs.again).toEqual(tensor('f32', [1, 3], [41, 52, 63]));
    expect(subnormals).toBe(0);
  });

  test('computes what the outputs need, once, in order', () => {
    const seen: number[] = [];
    const progress: string[] = [];
    interpret(
      mlp,
      { x },
      { onValue: (id) => seen.push(id), progress: (done, total) => progress.push(`${done}/${total}`) },
    );
    expect(seen).toEqual([0, 1, 2, 4]);
    expect(progress).toEqual(['1/4', '2/4', '3/4', '4/4']);
  });

  test('onValue sees every value as a host tensor', () => {
    const half = program(`graph g {
      %0 = param {name="x"} : f16[2]
      %1 = add %0 %0 : f16[2]
      return y=%1
    }`);
    const values: TensorData[] = [];
    interpret(half, { x: tensor('f16', [2], [1, 0.1]) }, { onValue: (_, value) => values.push(value) });
    expect(values).toEqual([tensor('f16', [2], [1, 0.1]), tensor('f16', [2], [2, 0.199951171875])]);
  });

  test('outputs do not share memory with inputs or with each other', () => {
    const identity = program(`graph g {
      %0 = param {name="x"} : f32[1,2]
      %1 = reshape %0 : f32[2]
      return a=%0 b=%1 c=%1
    }`);
    const { outputs } = interpret(identity, { x });
    const buffers = [x.data.buffer, ...Object.values(outputs).map((output) => output.data.buffer)];
    expect(new Set(buffers).size).toBe(4);
  });

  test('counts subnormals and follows the mode', () => {
    const tiny = program(`graph g {
      %0 = param {name="x"} : f32[2]
      %1 = mul %0 %0 : f32[2]
      %2 = add %1 %1 : f32[2]
      return y=%2
    }`);
    const inputs = { x: tensor('f32', [2], [1, 2 ** -64]) };
    const counts: number[] = [];
    const onValue = (_: number, __: TensorData, subnormals: number): number => counts.push(subnormals);
    const [preserve, flush] = MODES.map((subnormals) => interpret(tiny, inputs, { subnormals, onValue }));
    expectSame(numbers(preserve.outputs.y), [2, 2 ** -127]);
    expectSame(numbers(flush.outputs.y), [2, 0]);
    expect([preserve.subnormals, flush.subnormals]).toEqual([2, 1]);
    expect(counts).toEqual([0, 1, 1, 0, 1, 0]);
  });
});

describe('errors', () => {
  test('an unknown input', () => {
    const error = errorOf(() => interpret(mlp, { x, z: x }));
    expect(error).toMatchObject({ code: 'INPUT_UNKNOWN', found: '"z"', expected: 'one of x' });
  });

  test('a missing input', () => {
    const error = errorOf(() => interpret(mlp, {}));
    expect(error).toMatchObject({ code: 'INPUT_MISSING', where: 'input "x"', expected: 'f32[1,2]' });
  });

  test('a wrong shape', () => {
    const error = errorOf(() => interpret(mlp, { x: tensor('f32', [2], [1, 2]) }));
    expect(error).toMatchObject({ code: 'INPUT_SHAPE', found: 'f32[2]', expected: 'f32[1,2]' });
    const short = errorOf(() => interpret(mlp, { x: { ...x, data: new Float32Array(1) } }));
    expect(short).toMatchObject({ code: 'INPUT_SHAPE', found: '1 elements' });
  });

  test('a wrong dtype', () => {
    const error = errorOf(() => interpret(mlp, { x: tensor('i32', [1, 2], [1, 2]) }));
    expect(error).toMatchObject({ code: 'INPUT_DTYPE', found: 'i32[1,2]', expected: 'f32[1,2]' });
    const array = errorOf(() => interpret(mlp, { x: { ...x, data: new Int32Array(2) } }));
    expect(array).toMatchObject({
      code: 'INPUT_DTYPE',
      found: 'Int32Array',
      expected: 'Float32Array for f32',
    });
  });

  test('a missing weight', () => {
    const error = errorOf(() => interpret({ ...mlp, weights: new Map() }, { x }));
    expect(error).toMatchObject({ code: 'WEIGHT_MISSING', where: 'weight "w"' });
  });

  test('a symbolic extent that no input has', () => {
    const symbolic = program(`graph g {
      %0 = param {name="x"} : f32[N]
      %1 = iota {axis=0} : i32[M]
      return y=%0 z=%1
    }`);
    expect(errorOf(() => interpret(symbolic, { x: tensor('f32', [1], [1]) })).code).toBe('DIM_UNBOUND');
  });
});

describe('evaluateNode', () => {
  test('folds a node of constants', () => {
    const [, , node] = parseGraph(`graph g {
      %0 = constant {values=[1,2]} : f32[2]
      %1 = constant {values=[3]} : f32[2]
      %2 = add %0 %1 : f32[2]
      return y=%2
    }`).nodes;
    const result = evaluateNode(node, [tensor('f32', [2], [1, 2]), tensor('f32', [2], [3, 3])]);
    expect(result).toEqual({ value: tensor('f32', [2], [4, 5]), subnormals: 0 });
  });

  test('refuses params and weights', () => {
    const [param, weight] = mlp.graph.nodes;
    expect(errorOf(() => evaluateNode(param, [])).code).toBe('IR_INVALID');
    expect(errorOf(() => evaluateNode(weight, [])).code).toBe('IR_INVALID');
  });
});
