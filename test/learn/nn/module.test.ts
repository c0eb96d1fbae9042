/** Modules as trees: states, loading, errors, printing. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import {
  grad,
  jit,
  losses,
  nn,
  ones,
  optim,
  random,
  referenceBackend,
  tensor,
  treeEntries,
  treeMap,
  valueAndGrad,
  zeros,
  type Tensor,
} from '../../../src/index.js';
import { writeSafetensors } from '../../../src/data/safetensors/write.js';
import { readSafetensors } from '../../../src/data/safetensors/read.js';
import { expectSameTrees } from '../../tensor/support.js';
import { numbersOf, wave } from '../../tensor/torch.js';

class Perceptron extends nn.Module {
  readonly layers: readonly nn.Linear[];
  readonly norm = new nn.BatchNorm(4);
  constructor(key: random.Key) {
    super();
    const [first, second] = random.split(key);
    this.layers = [new nn.Linear(3, 4, { key: first }), new nn.Linear(4, 2, { key: second })];
  }
  call(x: Tensor, context: nn.CallContext = {}): Tensor {
    return this.layers[1].call(this.norm.call(this.layers[0].call(x), context).relu());
  }
}

function failure(body: () => unknown): HeddleError {
  try {
    body();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a module', () => {
  const model = new Perceptron(1);

  test('is a tree of its tensors, by paths', () => {
    const names = [
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
      'norm.weight',
      'norm.bias',
      'norm.runningMean',
      'norm.runningVariance',
    ];
    expect(Object.keys(model.state())).toEqual(names);
    expect(treeEntries(model).map(([path]) => path)).toEqual(names);
    expect(nn.trainable(model)).toEqual([true, true, true, true, true, true, false, false]);
    expect(model.parameterCount).toBe(3 * 4 + 4 + 4 * 2 + 2 + 8);
  });

  test('stays itself through jit and grad', async () => {
    const loss = (m: Perceptron, x: Tensor): Tensor => m.call(x).square().mean();
    const gradient = grad(loss)(model, wave([2, 3], 1));
    expect(gradient).toBeInstanceOf(Perceptron);
    expect(gradient.layers[1]).toBeInstanceOf(nn.Linear);
    expect(gradient.layers[0].weight.shape).toEqual([4, 3]);
    expect(gradient.parameterCount).toBe(model.parameterCount);
    const same = jit((m: Perceptron) => m)(model);
    expect(same).toBeInstanceOf(Perceptron);
    expect(same.layers[0].inFeatures).toBe(3);
    await expectSameTrees(same, model);
  });

  test('freezes in part', () => {
    const frozen = new Perceptron(1);
    frozen.layers[0].frozen = true;
    frozen.norm.frozen = true;
    expect(nn.trainable(frozen)).toEqual([false, false, true, true, false, false, false, false]);
    expect(frozen.parameterCount).toBe(model.parameterCount);
    const optimizer = optim.sgd({ learningRate: 0.1 });
    const [next] = optimizer.update(frozen, frozen, optimizer.init(frozen));
    expect(next.layers[0].weight).toBe(frozen.layers[0].weight);
    expect(next.layers[1].weight).not.toBe(frozen.layers[1].weight);
  });

  test('takes buffers from the classes that it extends', () => {
    class Own extends nn.BatchNorm {
      static override readonly buffers: readonly string[] = ['seen'];
      seen = zeros([1]);
    }
    expect(nn.trainable(new Own(2))).toEqual([true, true, false, false, false]);
  });

  test('prints its structure', () => {
    const k = 0;
    const deep = new nn.Sequential(
      new nn.Conv2d(1, 8, 3, { key: k, padding: 'same', bias: false }),
      nn.relu,
      new nn.MaxPool(2),
      new nn.Sequential(nn.flatten, new nn.Dropout(0.25)),
      ...[1, 2, 3].map(() => new nn.Linear(8, 8, { key: k })),
    );
    expect(String(deep)).toBe(
      [
        'Sequential(',
        '  (0): Conv2d(1, 8, kernel=[3, 3], stride=1, bias=false, padding=same)',
        '  (1): relu',
        '  (2): MaxPool(kernel=2, stride=2, padding=0)',
        '  (3): Sequential(',
        '    (0): flatten',
        '    (1): Dropout(rate=0.25)',
        '  )',
        '  (4-6): 3 x Linear(inFeatures=8, outFeatures=8, bias=true)',
        ')',
      ].join('\n'),
    );
    expect(String(model)).toBe(
      [
        'Perceptron(',
        '  (layers): List(',
        '    (0): Linear(inFeatures=3, outFeatures=4, bias=true)',
        '    (1): Linear(inFeatures=4, outFeatures=2, bias=true)',
        '  )',
        '  (norm): BatchNorm(4, epsilon=0.00001, momentum=0.1)',
        ')',
      ].join('\n'),
    );
  });

  test('moves to a backend, and ends', () => {
    const there = referenceBackend('flush');
    const moved = new Perceptron(1).to(there);
    expect(Object.values(moved.state()).map(({ backend }) => backend)).toEqual(
      new Array(8).fill('reference'),
    );
    expect(moved.layers[0].weight.expr.storage?.backend).toBe(there);
    moved.load(model.state());
    expect(moved.layers[0].weight.expr.storage?.backend).toBe(there);
    moved.dispose();
    expect(() => moved.call(ones([1, 3]))).toThrow(/TENSOR_DISPOSED/);
  });
});

describe('loading', () => {
  const source = new Perceptron(1);

  test('brings a state back, from tensors or from a file', async () => {
    const other = new Perceptron(2);
    expect(other.load(source.state())).toBe(other);
    await expectSameTrees(other, source);
    const data = await Promise.all(
      Object.entries(source.state()).map(async ([name, x]) => [name, await x.toHost()] as const),
    );
    const file = writeSafetensors(new Map(data));
    await expectSameTrees(new Perceptron(3).load(readSafetensors(file).tensors), source);
  });

  test('names what is missing and unknown, with what was probably meant, and changes nothing', async () => {
    const model = new Perceptron(2);
    const before = await numbersOf(model.layers[0].weight);
    const state: Record<string, Tensor> = source.state();
    state['layers.0.wieght'] = state['layers.0.weight'];
    delete state['layers.0.weight'];
    const error = failure(() => model.load(state));
    expect(error.code).toBe('TREE_MISMATCH');
    expect(error.found).toBe('unexpected layers.0.wieght');
    expect(error.expected).toBe('also layers.0.weight');
    expect(error.hint).toBe('layers.0.wieght: did you mean layers.0.weight?');
    expect(failure(() => model.load({})).expected).toMatch(/^also layers.0.weight, .* and 3 more$/);
    expect(failure(() => model.load({ ...source.state(), other: ones([1]) })).found).toBe('unexpected other');
    expect(await numbersOf(model.layers[0].weight)).toEqual(before);
    model.load({ 'layers.0.bias': ones([4]), other: ones([1]) }, { strict: false });
    expect(await numbersOf(model.layers[0].bias!)).toEqual([1, 1, 1, 1]);
    expect(await numbersOf(model.layers[0].weight)).toEqual(before);
  });

  test('says which tensor has another type', async () => {
    const model = new Perceptron(2);
    const before = await numbersOf(model.norm.weight);
    const shape = failure(() => model.load({ ...source.state(), 'layers.1.weight': ones([2, 5]) }));
    expect([shape.code, shape.where, shape.found, shape.expected]).toEqual([
      'SHAPE_MISMATCH',
      'Perceptron, layers.1.weight',
      'f32[2,5]',
      'f32[2,4]',
    ]);
    const dtype = failure(() => model.load({ ...source.state(), 'norm.bias': zeros([4], { dtype: 'i32' }) }));
    expect([dtype.code, dtype.found, dtype.expected]).toEqual(['DTYPE_MISMATCH', 'i32[4]', 'f32[4]']);
    expect(await numbersOf(model.norm.weight)).toEqual(before);
  });
});

describe('layers name themselves and both shapes', () => {
  const key = 0;
  const cases: readonly (readonly [string, () => unknown, string, string, string])[] = [
    ['Linear', () => new nn.Linear(3, 4, { key }).call(ones([2, 5])), 'Linear(inFeatures=3, outFeatures=4, bias=true)', 'f32[2,5]', '[..., 3]'],
    ['Conv2d', () => new nn.Conv2d(3, 4, 3, { key }).call(ones([2, 1, 5, 5])), 'Conv2d(3, 4, kernel=[3, 3], stride=1, padding=0)', 'f32[2,1,5,5]', '[N, 3, H, W]'],
    ['MaxPool', () => new nn.MaxPool(2).call(ones([2, 5])), 'MaxPool(kernel=2, stride=2, padding=0)', 'f32[2,5]', '[N, C, ...spatial]'],
    ['LayerNorm', () => new nn.LayerNorm([3, 4]).call(ones([4])), 'LayerNorm([3, 4], epsilon=0.00001)', 'f32[4]', '[..., 3, 4]'],
    ['BatchNorm', () => new nn.BatchNorm(3).call(ones([2, 4])), 'BatchNorm(3, epsilon=0.00001, momentum=0.1)', 'f32[2,4]', '[N, 3, ...]'],
    ['GRU', () => new nn.GRU(3, 4, { key }).call(ones([2, 5])), 'GRU(3, 4)', 'f32[2,5]', '[B, T, 3]'],
    ['MultiHeadAttention', () => new nn.MultiHeadAttention(8, 2, { key }).call(ones([2, 5, 4])), 'MultiHeadAttention(8, heads=2, causal=false)', 'f32[2,5,4]', '[..., T, 8]'],
    ['LearnedPositions', () => new nn.LearnedPositions(4, 8, { key }).call(ones([2, 5, 8])), 'LearnedPositions(4, 8)', 'f32[2,5,8]', '[..., T, 8] with T up to 4'],
  ]; // prettier-ignore
  test.each(cases)('%s', (_, body, layer, found, expected) => {
    const error = failure(body);
    expect(error.code).toBe('SHAPE_MISMATCH');
    expect(error.where).toMatch(/, called at .*module\.test\.ts/);
    expect(error.where!.split(', called')[0]).toBe(layer);
    expect([error.found, error.expected]).toEqual([found, expected]);
  });

  test('an embedding of floats', () => {
    const error = failure(() => new nn.Embedding(3, 4, { key }).call(ones([2])));
    expect([error.code, error.found, error.expected]).toEqual(['DTYPE_MISMATCH', 'f32[2]', 'integers']);
  });

  test('an initial state of another batch', () => {
    const error = failure(() => new nn.RNN(3, 4, { key }).unroll(ones([2, 5, 3]), [ones([3, 4])]));
    expect([error.code, error.found, error.expected]).toEqual(['SHAPE_MISMATCH', 'f32[3,4]', 'f32[2,4]']);
  });

  test('in which part of a model', () => {
    const model = new nn.Sequential(nn.relu, new nn.Sequential(new nn.Linear(3, 4, { key })));
    expect(failure(() => model.call(ones([2, 5]))).where).toMatch(/^layers\.1: layers\.0: Linear\(/);
  });

  test('options', () => {
    const bad = [
      () => new nn.Conv2d(3, 4, 3, { key, groups: 2 }),
      () => new nn.GroupNorm(2, 3),
      () => new nn.Dropout(1),
      () => new nn.MultiHeadAttention(8, 3, { key }),
      () => new nn.MultiHeadAttention(8, 4, { key, keyValueHeads: 3 }),
      () => new nn.LSTM(3, 4, { key, layers: 0 }),
    ];
    expect(bad.map((make) => failure(make).code)).toEqual(bad.map(() => 'ATTRIBUTE_INVALID'));
  });
});

test('running statistics come out of a compiled step through aux', async () => {
  const optimizer = optim.sgd({ learningRate: 0.1 });
  const y = tensor([0, 1, 1], { dtype: 'i32' });
  const step = (model: Perceptron, state: optim.StateOf<typeof optimizer>, x: Tensor) => {
    const loss = (net: Perceptron): [Tensor, Perceptron] => [
      losses.crossEntropy(net.call(x, { training: true }), y),
      net,
    ];
    const [[value, updated], gradients] = valueAndGrad(loss, { aux: true })(model);
    return [...optimizer.update(updated, gradients, state), value] as const;
  };
  const model = new Perceptron(1);
  const x = wave([3, 3], 5);
  const [next] = jit(step)(model, optimizer.init(model), x);
  const [eager] = step(model, optimizer.init(model), x);
  await expectSameTrees(next, eager);
  const direct = new Perceptron(1);
  direct.call(x, { training: true });
  expect(await numbersOf(next.norm.runningMean)).toEqual(await numbersOf(direct.norm.runningMean));
  expect(await numbersOf(model.norm.runningMean)).toEqual([0, 0, 0, 0]);
});

test('models of halves compute in halves', () => {
  const half = <M extends nn.Module>(model: M): M => treeMap((x) => x.cast('f16'), model);
  const x = wave([2, 3, 4], 1).cast('f16');
  const key = 0;
  const positions = [new nn.ALiBi(2), new nn.RoPE()];
  const models: readonly nn.Layer[] = [
    ...positions.map((own) => half(new nn.TransformerBlock(4, 2, { key, causal: true, positions: own }))),
    half(new nn.TransformerBlock(4, 2, { key, norm: 'rms', feedForward: 'geglu' })),
    half(new nn.LSTM(4, 3, { key, bidirectional: true })),
    half(new nn.GRU(4, 3, { key })),
    half(new nn.Sequential(new nn.Conv1d(3, 2, 2, { key }), new nn.BatchNorm(2), new nn.GroupNorm(1, 2))),
    new nn.SinusoidalPositions(4),
  ];
  const mask = tensor([true, true, false]);
  const context = { training: true, key, mask };
  expect(models.map((model) => model.call(x, context).dtype)).toEqual(models.map(() => 'f16'));
});

test('dropouts draw apart from each other with contexts of their own', async () => {
  const [context, x] = [{ training: true, key: 1 }, ones([64])];
  const [first, second] = [new nn.Dropout(0.5), new nn.Dropout(0.5)];
  const own = await numbersOf(first.call(x, nn.contextOf(context, 0)));
  expect(await numbersOf(second.call(x, nn.contextOf(context, 1)))).not.toEqual(own);
  expect(await numbersOf(second.call(x, nn.contextOf(context, 0)))).toEqual(own);
  expect(nn.contextOf({ training: false }, 1)).toEqual({ training: false });
});

describe("a module of one's own that would not be trained", () => {
  class Plain {
    readonly weight = ones([2]);
    call(x: Tensor): Tensor {
      return x.mul(this.weight);
    }
  }
  class Holder extends nn.Module {
    constructor(readonly part: unknown) {
      super();
    }
    call(x: Tensor): Tensor {
      return x;
    }
  }
  const linear = new nn.Linear(2, 2, { key: 1 });
  const sgd = optim.sgd({ learningRate: 1 });
  const beside = Object.assign((x: Tensor) => x, { weight: ones([1]) });

  test.each<[string, unknown]>([
    ['an object of a class', new Plain()],
    ['a Map', new Map([['a', linear]])],
    ['a Set', new Set([ones([1])])],
    ['a list in a Map in an object of a class', Object.assign(new Date(0), { of: new Map([[1, [linear]]]) })],
    ['a function with a field', beside],
  ])('as %s with tensors or modules', (_, part) => {
    for (const model of [
      new Holder(part),
      new Holder([1, { of: part }]),
      new nn.Sequential(new Holder(part)),
    ])
      for (const walk of [() => model.parameterCount, () => model.state(), () => sgd.init(model)]) {
        const error = failure(walk);
        expect(error.code).toBe('USAGE');
        expect(error.where).toMatch(/part/);
        expect(error.hint).toMatch(/extends nn\.Module|make a plain object/);
      }
  });

  test('is refused by a Sequential', () => {
    const layers = [new Plain(), Object.assign(new Holder(1), { call: undefined }), beside];
    const errors = layers.map((layer) => failure(() => new nn.Sequential(nn.relu, layer)));
    expect(errors.map(({ code }) => code)).toEqual(['USAGE', 'USAGE', 'USAGE']);
    for (const { where } of errors) expect(where).toMatch(/^Sequential, layer 1, called at/);
  });

  test('and what hides nothing is structure', () => {
    const plain = [new Date(0), new Map([['a', 1]]), new Float32Array(3), Symbol('a'), null, nn.relu];
    expect(new Holder(plain).parameterCount).toBe(0);
    expect(new Holder(plain).state()).toEqual({});
    const layer: nn.Layer = new (class Double {
      readonly by = 2;
      call(x: Tensor): Tensor {
        return x.mul(this.by);
      }
    })();
    expect(new nn.Sequential(layer, linear).parameterCount).toBe(6);
  });

  test.each<[string, unknown, string]>([
    ['misspelt', ['scal'], 'did you mean scale?'],
    ['foreign', ['x'], 'a buffer that is left out is a field that is undefined'],
  ])('a buffer with a %s name', (_, buffers, hint) => {
    class Scaled extends Holder {
      scale = ones([1]);
    }
    Object.assign(Scaled, { buffers });
    const model = new Scaled(linear);
    for (const walk of [() => model.parameterCount, () => sgd.init([model])])
      expect(failure(walk)).toMatchObject({ code: 'USAGE', expected: 'one of part, scale', hint });
    expect(failure(() => sgd.init([model])).where).toBe('Scaled, 0');
  });

  test('buffers that are no static list of names', () => {
    class Scaled extends Holder {}
    for (const buffers of ['part', new Set(['part']), [1]]) {
      Object.assign(Scaled, { buffers });
      expect(failure(() => new Scaled(1).parameterCount).code).toBe('USAGE');
    }
    const own = Object.assign(new Holder(1), { buffers: ['part'] });
    expect(failure(() => own.parameterCount).found).toBe('a field buffers');
    expect(Object.assign(new Holder(1), { buffers: [ones([2])] }).parameterCount).toBe(2);
  });

  test('a module without call', () => {
    class A extends nn.Module {
      forward = (x: Tensor): Tensor => x;
    }
    class B extends nn.Module {}
    const error = failure(() => new nn.Sequential(new A() as unknown as nn.Layer));
    expect(error.summary).toBe('A has no method call');
    expect(error.hint).toBe('rename its method forward to call');
    const bare = Object.assign(Object.create(null) as object, { forward: nn.relu });
    expect(failure(() => new nn.Sequential(bare as unknown as nn.Layer)).hint).toBe(
      'rename its method forward to call',
    );
    expect(failure(() => new nn.Sequential(new B() as unknown as nn.Layer)).summary).toBe(
      'B has no method call',
    );
  });

  test('a #private field is not in the copies of a module', () => {
    class Field extends nn.Module {
      readonly gain = ones([1]);
      readonly #weight = ones([1]);
      call(x: Tensor): Tensor {
        return x.mul(this.#weight).mul(this.gain);
      }
    }
    class Method extends nn.Module {
      readonly gain = ones([1]);
      #scaled(x: Tensor): Tensor {
        return x.mul(this.gain);
      }
      call(x: Tensor): Tensor {
        return this.#scaled(x);
      }
    }
    for (const model of [new Field(), new Method()]) {
      const calls = [
        () => grad((m: Field | Method) => m.call(ones([1])).sum())(model),
        () => jit((m: Field | Method) => m.call(ones([1])))(model),
      ];
      for (const call of calls)
        expect(failure(call)).toMatchObject({
          code: 'USAGE',
          hint: expect.stringContaining('#name') as string,
        });
    }
    const other = (): unknown => grad((x: Tensor) => (undefined as unknown as Tensor).mul(x))(ones([]));
    expect(other).toThrow(TypeError);
  });
});
