/** Arguments that are nearly right: lists with holes, classes in place of functions, values of other realms. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { excerptOf } from '../../src/base/describe.js';
import { CompiledProgram, prepare } from '../../src/compile.js';
import { byteColumn, tensorColumn } from '../../src/data/index.js';
import { matmul } from '../../src/compose/index.js';
import { fromConfig } from '../../src/frontends/config/index.js';
import { exportOnnx, importOnnx } from '../../src/frontends/onnx/index.js';
import * as heddle from '../../src/index.js';
import { Executable } from '../../src/runtime/executable.js';
import { weightsOf } from '../../src/ir/weights.js';
import { mockDevice } from '../runtime/mock-gpu.js';

/** The package as plain JavaScript sees it. */
type Untyped = { readonly [name: string]: Untyped } & ((...args: readonly unknown[]) => Untyped) &
  (new (...args: readonly unknown[]) => Untyped);
const h = heddle as unknown as Untyped;
const { jit, nn, ones, tensor } = h;
const x = ones([2, 3]);

async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return 'no error';
  } catch (error) {
    return error instanceof heddle.HeddleError ? error.code : error;
  }
}

type Calls = Readonly<Record<string, readonly [call: () => unknown, code: string]>>;

const checkAll = (calls: Calls): void =>
  test.each(Object.keys(calls))('%s', async (name) => {
    const [call, code] = calls[name];
    expect(await codeOf(call)).toBe(code);
  });

async function compiled(): Promise<CompiledProgram> {
  const b = new heddle.GraphBuilder('small');
  b.output('y', b.unary('neg', b.param('x', 'f32', [2])));
  const prepared = prepare({ graph: b.build(), weights: new Map() });
  const { planned, program } = prepared;
  const executable = await Executable.create(
    planned.plan,
    heddle.buildPreludes(),
    weightsOf(program),
    mockDevice(),
  );
  return new CompiledProgram(prepared, executable);
}

describe('junk that was once reported', () => {
  checkAll({
    'run(null)': [async () => (await compiled()).run(null as never), 'USAGE'],
    'tensor([1, null])': [() => tensor([1, null]), 'DTYPE_MISMATCH'],
    'tensor([null])': [() => tensor([null]), 'DTYPE_MISMATCH'],
    'tensor([[1], [null]])': [() => tensor([[1], [null]]), 'DTYPE_MISMATCH'],
    'tensor([[1], null])': [() => tensor([[1], null]), 'INPUT_SHAPE'],
    'tensor([[1], { length: 1 }])': [() => tensor([[1], { length: 1 }]), 'INPUT_SHAPE'],
    'tensor([Object.create(null)])': [() => tensor([Object.create(null)]), 'DTYPE_MISMATCH'],
    'tensor(new BigInt64Array(1))': [() => tensor(new BigInt64Array(1)), 'DTYPE_MISMATCH'],
    'readAll(x)': [() => h.readAll(x), 'USAGE'],
    'x.pad(1)': [() => x.pad(1), 'USAGE'],
    'Sequential([a, b])': [() => new nn.Sequential([nn.relu, nn.relu]), 'USAGE'],
    'split(2**31)': [() => x.split(2 ** 31), 'LIMIT_EXCEEDED'],
    'split(Symbol())': [() => x.split(Symbol('junk')), 'USAGE'],
    'split(Object.create(null))': [() => x.split(Object.create(null)), 'USAGE'],
    'split({})': [() => x.split({}), 'USAGE'],
    'split(NaN)': [() => x.split(NaN), 'ATTRIBUTE_INVALID'],
  });
});

describe('a hole in a list is an element that is missing', () => {
  const dense = { type: 'dense', input_height: 2, output_height: 2 };
  const holes = new Array<unknown>(2);
  const config = fromConfig as (config: unknown) => unknown;
  checkAll({
    tensor: [() => tensor(holes), 'DTYPE_MISMATCH'],
    'tensor, inside': [() => tensor([1, , 2]), 'DTYPE_MISMATCH'], // eslint-disable-line no-sparse-arrays
    tensorData: [() => h.tensorData('f32', holes, new Float32Array(1)), 'INPUT_DTYPE'],
    zeros: [() => h.zeros(holes), 'USAGE'],
    'zeros, one': [() => h.zeros([, 1]), 'USAGE'], // eslint-disable-line no-sparse-arrays
    ones: [() => ones(holes), 'USAGE'],
    full: [() => h.full(holes, 1), 'USAGE'],
    LayerNorm: [() => new nn.LayerNorm(holes), 'USAGE'],
    RMSNorm: [() => new nn.RMSNorm(holes), 'USAGE'],
    Conv2d: [() => new nn.Conv2d(2, 2, holes, { key: 1 }), 'ATTRIBUTE_INVALID'],
    'Conv2d, stride': [() => new nn.Conv2d(2, 2, 3, { key: 1, stride: holes }), 'USAGE'],
    MaxPool: [() => new nn.MaxPool(holes), 'ATTRIBUTE_INVALID'],
    'MaxPool, long': [() => new nn.MaxPool(new Array(10 ** 6)), 'ATTRIBUTE_INVALID'],
    adam: [() => h.optim.adam({ learningRate: 0.1, betas: holes }), 'USAGE'],
    stack: [() => h.stack([, x]), 'USAGE'], // eslint-disable-line no-sparse-arrays
    concat: [() => h.concat(holes), 'USAGE'],
    vmap: [() => h.vmap(heddle.nn.relu, { inAxes: holes }), 'USAGE'],
    reshape: [() => x.reshape(holes), 'USAGE'],
    permute: [() => x.permute(holes), 'USAGE'],
    tile: [() => x.tile(holes), 'USAGE'],
    pad: [() => x.pad(holes), 'USAGE'],
    'pad, inside': [() => x.pad([holes, [1, 1]]), 'USAGE'],
    split: [() => x.split(holes), 'USAGE'],
    sum: [() => x.sum({ axis: holes }), 'USAGE'],
    flip: [() => x.flip(holes), 'ATTRIBUTE_INVALID'],
    squeeze: [() => x.squeeze(holes), 'ATTRIBUTE_INVALID'],
    'squeeze(null)': [() => x.squeeze(null), 'ATTRIBUTE_INVALID'],
    'reshape(null)': [() => x.reshape(null), 'USAGE'],
    'layers of a config': [() => config({ input: [2], layers: [, dense] }), 'CONFIG_INVALID'], // eslint-disable-line no-sparse-arrays
    'input of a config': [() => config({ input: [, 2], layers: [dense] }), 'CONFIG_INVALID'], // eslint-disable-line no-sparse-arrays
  });
});

describe('a class cannot be called', () => {
  class Model {
    readonly width = 1;
  }
  const { grad, jvp, tidy, vjp, vmap, checkpoint } = h;
  const calls = {
    jit,
    grad,
    vmap,
    checkpoint,
    tidy,
    vjp: (f: unknown) => vjp(f, x),
    jvp: (f: unknown) => jvp(f, [x], [x]),
  };
  checkAll(
    Object.fromEntries(
      Object.entries(calls).flatMap(([name, call]) =>
        [Model, nn.Linear, Map].map((f) => [`${name}, ${f.name}`, [() => call(f), 'USAGE']]),
      ),
    ),
  );

  test('other functions can', () => {
    function plain(value: heddle.Tensor): heddle.Tensor {
      return value.neg();
    }
    for (const f of [plain, (value: heddle.Tensor) => value.neg(), heddle.nn.relu, plain.bind(null)])
      expect(
        heddle
          .jit(f)(heddle.ones([1]))
          .toString(),
      ).toMatch('1');
    expect(heddle.treeMap(String, [heddle.ones([1])])).toHaveLength(1);
  });
});

describe('arrays of another realm', () => {
  const foreign = (source: string): unknown => runInNewContext(source);

  test('keep their type', async () => {
    const values = tensor(foreign('Int32Array.of(1, -2)')) as unknown as heddle.Tensor;
    expect(values.dtype).toBe('i32');
    expect(await values.data()).toEqual(Int32Array.of(1, -2));
  });

  test('are multiplied as what they are', () => {
    const b = new heddle.GraphBuilder('product');
    b.output('y', matmul(b, b.param('x', 'f32', [1, 2]), b.weight('w', 'f32', [2, 1])));
    const data = foreign('Float32Array.of(2, 3)') as Float32Array;
    const weights = new Map([['w', heddle.tensorData('f32', [2, 1], data)]]);
    const { outputs } = heddle.interpret(
      { graph: b.build(), weights },
      { x: heddle.tensorData('f32', [1, 2], data) },
    );
    expect([...outputs.y.data]).toEqual([13]);
  });

  test('hold bytes', () => {
    const { rows } = byteColumn('x', [1], foreign('Uint8Array.of(255)') as Uint8Array);
    expect([...rows(foreign('Uint32Array.of(0)') as Uint32Array).data]).toEqual([1]);
    expect(() => importOnnx(foreign('Uint8Array.of(255)') as Uint8Array)).toThrow(/ONNX|FILE/);
    expect(() => h.parseGraph(foreign('new Uint8Array(3)'))).toThrow(/ a Uint8Array of 3/);
  });
});

describe('trees and graphs made by hand', () => {
  let tree: unknown = 1;
  for (let i = 0; i < 24; i++) tree = { a: tree, b: tree };
  const node = { op: 'neg', inputs: [], attrs: {}, type: { dtype: 'f32', shape: [] } };
  const run = (nodes: readonly unknown[], outputs: readonly unknown[] = []): unknown =>
    h.interpret({ graph: { name: 'g', nodes, outputs }, weights: new Map() }, {});
  checkAll({
    'a tree of 2^24 values': [() => jit((all: unknown) => all)(tree), 'LIMIT_EXCEEDED'],
    'a graph with holes': [() => h.verifyGraph({ name: 'g', nodes: new Array(2), outputs: [] }), 'USAGE'],
    'an output without a value': [() => run([], [{ name: 'y' }]), 'IR_INVALID'],
    'inputs that are text': [() => run([{ ...node, inputs: ['a'] }]), 'USAGE'],
    'inputs that are later': [() => run([{ ...node, inputs: [3] }]), 'IR_INVALID'],
    'an op that is none': [
      () =>
        exportOnnx({
          graph: { name: 'g', nodes: [{ ...node, op: 'zork' }], outputs: [] },
          weights: new Map(),
        } as never),
      'IR_INVALID',
    ],
  });

  test('a shared value is shown in a few words', () => {
    let shared: unknown = 1;
    for (let i = 0; i < 14; i++) shared = new Array(9).fill(shared);
    expect(excerptOf(shared)).toBe('a list of 9');
  });

  test('rows are asked for by any list of integers', () => {
    const column = tensorColumn('x', heddle.tensorData('f32', [2], Float32Array.of(1, 2)));
    expect([...column.rows([1, 0] as never).data]).toEqual([2, 1]);
    expect(() => column.rows([0.5] as never)).toThrow(/USAGE/);
  });
});
