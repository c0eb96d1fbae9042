import { describe, expect, test } from 'vitest';
import * as heddle from '../../src/index.js';
import { exportOnnx, importOnnx } from '../../src/frontends/onnx/index.js';

/** The package as plain JavaScript sees it: any call type-checks. */
type Untyped = { readonly [name: string]: Untyped } & ((...args: readonly unknown[]) => Untyped) &
  (new (...args: readonly unknown[]) => Untyped);
const h = heddle as unknown as Untyped;
const { nn, optim, losses, random } = h;
const { ones, zeros, tensor, jit, grad } = h;
const onnx = { exportOnnx, importOnnx } as unknown as Untyped;
const identity = (x: unknown): unknown => x;
const openDevice = { gpu: {}, profile: {}, name: 'fake' };

/** [what is called, what the message has]. */
const WRONG: Readonly<Record<string, readonly [call: () => unknown, message: RegExp]>> = {
  'tensor, dtype by place': [
    () => tensor([1], 'i32'),
    /USAGE[^]*tensor, called at[^]*did you mean \{ dtype: "i32" \}/,
  ],
  'tensor, misspelt': [() => tensor([1], { dtyp: 'i32' }), /USAGE[^]*dtyp\n[^]*did you mean dtype/],
  'tensor of a tensor': [() => tensor(ones([1])), /USAGE[^]*a tensor/],
  'tensor of data, with a dtype': [
    () => tensor({ dtype: 'f32', shape: [1], data: Float32Array.of(1) }, { dtype: 'i32' }),
    /USAGE[^]*f32\[1\], and dtype[^]*x\.cast/,
  ],
  'tensor of data that does not fit': [
    () => tensor({ dtype: 'f32', shape: [2], data: Float32Array.of(1) }),
    /INPUT_SHAPE[^]*1 elements/,
  ],
  'tensor of nothing': [() => tensor(), /DTYPE_MISMATCH[^]*nothing/],
  'tensor of null': [() => tensor(null), /DTYPE_MISMATCH[^]*tensor, called at[^]*null/],
  'tensor of a list with null': [() => tensor([[1], [null]]), /DTYPE_MISMATCH[^]*null/],
  'tensor of an object': [() => tensor([{ length: 1 }]), /DTYPE_MISMATCH[^]*an object with length/],
  'initializers.uniform': [() => nn.initializers.uniform(null)(1, [2]), /USAGE[^]*bound is not a number/],
  'zeros, no list': [() => zeros(3), /USAGE[^]*a shape is a list of numbers[^]*found: +3/],
  'zeros, dtype by place': [() => zeros([2], 'i32'), /USAGE[^]*\{ dtype: "i32" \}/],
  'full, wrong dtype': [() => h.full([2], 1, { dtype: 'float32' }), /DTYPE_MISMATCH[^]*did you mean f32/],
  'arange, options in place of the end': [
    () => h.arange(3, { dtype: 'f32' }),
    /USAGE[^]*end is not a number/,
  ],
  linspace: [() => h.linspace(0, 1, 2.5), /ATTRIBUTE_INVALID[^]*2\.5/],
  eye: [() => h.eye('3'), /USAGE/],
  'sum, axis by place': [() => ones([2]).sum(0), /USAGE[^]*sum, called at[^]*did you mean \{ axis: 0 \}/],
  'sum, text': [() => ones([2]).sum({ axis: '0' }), /USAGE[^]*axis: "0"/],
  'argmax, axis by place': [() => ones([2, 2]).argmax(0), /USAGE[^]*argmax[^]*\{ axis: 0 \}/],
  'std, of NumPy': [() => ones([2]).std({ ddof: 1 }), /USAGE[^]*at: +std[^]*did you mean correction/],
  'softmax, axis as option': [() => ones([2]).softmax({ axis: 0 }), /USAGE[^]*an axis is a number/],
  'sort, options in place of the axis': [() => ones([2]).sort({ descending: true }), /USAGE/],
  'sort, misspelt': [
    () => ones([2]).sort(0, { descend: true }),
    /USAGE[^]*at: +sort[^]*did you mean descending/,
  ],
  'add, text': [() => ones([2]).add('1'), /USAGE[^]*at: +add, called at[^]*found: +"1"/],
  'add, nothing': [() => ones([2]).add(undefined), /USAGE[^]*nothing/],
  'add, a list': [() => ones([2]).add([1, 2]), /USAGE[^]*a list of 2[^]*tensor\(/],
  cast: [() => ones([2]).cast('float32'), /DTYPE_MISMATCH[^]*cast, called at[^]*did you mean f32/],
  gelu: [() => ones([2]).gelu('Tanh'), /USAGE[^]*"none" or "tanh"/],
  clip: [() => ones([2]).clip({ low: 0 }), /USAGE[^]*low is not a number/],
  'reshape, text': [() => ones([4]).reshape('4'), /USAGE/],
  'reshape, other elements': [
    () => ones([3]).reshape([3, 2]),
    /SHAPE_MISMATCH[^]*f32\[3\][^]*a shape of 3 elements: \[3, 2\] has 6/,
  ],
  'crossEntropy, labels that are floats': [
    () => losses.crossEntropy(zeros([2, 3]), zeros([2])),
    /SHAPE_MISMATCH[^]*targets f32\[2\][^]*targets\.cast\('i32'\)/,
  ],
  'nll, labels that are floats': [
    () => losses.nll(zeros([2, 3]), zeros([2])),
    /DTYPE_MISMATCH[^]*labels f32\[2\][^]*labels\.cast\('i32'\)/,
  ],
  'reshape, no integer': [() => ones([4]).reshape(-1, 3), /SHAPE_MISMATCH[^]*4 elements in \[-1, 3\]/],
  'matmul, shapes': [
    () => zeros([2, 3]).matmul(zeros([4, 5])),
    /SHAPE_MISMATCH: the inner extents differ\n[^]*f32\[2,3\] and f32\[4,5\]\n +expected: 3 in place of 4 on axis 0/,
  ],
  'concat, not a list': [
    () => h.concat(ones([1]), ones([1])),
    /USAGE[^]*given as a list[^]*concat\(\[x, y\]\)/,
  ],
  'concat, numbers': [() => h.concat([1, 2]), /USAGE[^]*element 0 is not a tensor/],
  where: [() => h.where(true, ones([1]), 0), /USAGE[^]*the condition is not a tensor/],
  'conv2d, misspelt': [
    () => ones([1, 1, 4, 4]).conv2d(ones([1, 1, 3, 3]), { pading: 1 }),
    /USAGE[^]*did you mean padding/,
  ],
  'conv2d, bias by place': [
    () => ones([1, 1, 4, 4]).conv2d(ones([1, 1, 3, 3]), ones([1])),
    /USAGE[^]*a Tensor[^]*bias/,
  ],
  'maxPool, kernel by place': [() => ones([1, 1, 4, 4]).maxPool(2), /USAGE[^]*did you mean \{ kernel: 2 \}/],
  'maxPool, nothing': [() => ones([1, 1, 4, 4]).maxPool(), /USAGE[^]*kernel: a number/],
  'to, a device': [() => ones([1]).to(openDevice), /USAGE[^]*an open device[^]*x\.to\(webgpu\(device\)\)/],
  'to, nothing': [() => ones([1]).to(), /USAGE[^]*nothing/],
  'webgpu, nothing': [() => h.webgpu(), /USAGE[^]*webgpu, called at[^]*openNodeDevice/],
  'webgpu, a promise': [() => h.webgpu(Promise.resolve(openDevice)), /USAGE[^]*await it/],
  'jit, no function': [() => jit(3), /USAGE[^]*jit, called at[^]*found: +3/],
  'jit, misspelt': [() => jit(identity, { donat: [0] }), /USAGE[^]*did you mean donate/],
  'jit, one number': [() => jit(identity, { donate: 0 }), /USAGE[^]*donate: a list of numbers/],
  'jit, a device': [() => jit(identity, { backend: openDevice }), /USAGE[^]*webgpu\(device\)/],
  'grad, no function': [() => grad(3), /USAGE/],
  'grad, of JAX': [() => grad(identity, { argnums: 1 }), /USAGE[^]*did you mean argument/],
  'jvp, no lists': [() => h.jvp(identity, ones([1]), ones([1])), /USAGE[^]*given as a list/],
  'vjp, no function': [() => h.vjp(3, ones([1])), /USAGE/],
  'checkpoint, no function': [() => h.checkpoint(3), /USAGE/],
  'vmap, a number': [() => h.vmap(identity, { inAxes: 0 }), /USAGE[^]*inAxes: 0/],
  'vmap, of JAX': [() => h.vmap(identity, { out_axes: 1 }), /USAGE[^]*did you mean outAxis/],
  'vmap, too few axes': [
    () => h.vmap(identity, { inAxes: [0] })(ones([2]), ones([2])),
    /ATTRIBUTE_INVALID[^]*inAxes of 1 for 2 arguments/,
  ],
  'vmap, no such axis': [
    () => h.vmap(identity, { inAxes: [3] })(ones([2])),
    /ATTRIBUTE_INVALID[^]*3 in inAxes/,
  ],
  'vmap, no such result axis': [
    () => h.vmap(identity, { outAxis: 3 })(ones([2])),
    /ATTRIBUTE_INVALID[^]*3 in outAxis/,
  ],
  'Linear, misspelt': [
    () => new nn.Linear(3, 4, { key: 1, bais: false }),
    /USAGE[^]*Linear, called at[^]*did you mean bias/,
  ],
  'Linear, no options': [
    () => new nn.Linear(3, 4),
    /USAGE[^]*\{ key, bias\?, init\? \}[^]*random\.key\(seed\)/,
  ],
  'Linear, no key': [() => new nn.Linear(3, 4, {}), /USAGE[^]*an option is missing[^]*key: random\.key/],
  'Linear, key of text': [() => new nn.Linear(3, 4, { key: 'a' }), /USAGE[^]*key: "a"/],
  'Linear, sizes of text': [() => new nn.Linear('3', 4, { key: 1 }), /ATTRIBUTE_INVALID[^]*3 -> 4/],
  'Linear, half a feature': [() => new nn.Linear(3.5, 4, { key: 1 }), /ATTRIBUTE_INVALID[^]*3\.5 -> 4/],
  'init that is not called': [
    () => new nn.Linear(3, 4, { key: 1, init: (nn.initializers ?? nn).heNormal }),
    /USAGE[^]*heNormal/,
  ],
  Conv2d: [() => new nn.Conv2d(3, 4, 3, { key: 1, kernal: 2 }), /USAGE/],
  'Conv2d, no kernel': [() => new nn.Conv2d(3, 4), /USAGE|ATTRIBUTE_INVALID/],
  'Linear, a list': [
    () => new nn.Linear(3, 4, { key: 1 }).call([1, 2, 3]),
    /USAGE[^]*Linear\(inFeatures=3[^]*a list of 3[^]*tensor\(/,
  ],
  LayerNorm: [() => new nn.LayerNorm(3, { eps: 1 }), /USAGE[^]*did you mean epsilon/],
  MultiHeadAttention: [
    () => new nn.MultiHeadAttention(8, 2, { key: 1, causl: true }),
    /USAGE[^]*did you mean causal/,
  ],
  RNN: [() => new nn.RNN(3, 4, { key: 1, layres: 2 }), /USAGE[^]*did you mean layers/],
  'RNN, activation': [() => new nn.RNN(3, 4, { key: 1, activation: 'sin' }), /USAGE[^]*"tanh" or "relu"/],
  MaxPool: [() => new nn.MaxPool({ kernel: 2 }), /ATTRIBUTE_INVALID[^]*a kernel has extents/],
  'Conv2d, kernel': [
    () => new nn.Conv2d(1, 1, [3, 3, 3], { key: 1 }),
    /ATTRIBUTE_INVALID[^]*an extent for each axis/,
  ],
  Dropout: [() => new nn.Dropout({ rate: 0.5 }), /ATTRIBUTE_INVALID[^]*an object with rate/],
  'a context, misspelt': [
    () => new nn.Dropout(0.5).call(ones([2]), { trainig: true }),
    /USAGE[^]*did you mean training/,
  ],
  'adam, nothing': [() => optim.adam(), /USAGE[^]*adam, called at[^]*learningRate: a number, or a schedule/],
  'adam, of PyTorch': [() => optim.adam({ lr: 0.1 }), /USAGE[^]*did you mean learningRate/],
  'sgd, of Optax': [() => optim.sgd({ learning_rate: 0.1 }), /USAGE[^]*did you mean learningRate/],
  'sgd, by place': [() => optim.sgd(0.1), /USAGE[^]*did you mean \{ learningRate: 0\.1 \}/],
  'sgd, text': [() => optim.sgd({ learningRate: '0.1' }), /USAGE[^]*learningRate: "0\.1"/],
  'a schedule': [() => optim.schedules.cosine(1, 10, { end: 0 }), /USAGE[^]*final\?/],
  'mse, misspelt': [
    () => losses.mse(ones([2]), ones([2]), { reductoin: 'sum' }),
    /USAGE[^]*did you mean reduction/,
  ],
  'mse, no such reduction': [
    () => losses.mse(ones([2]), ones([2]), { reduction: 'avg' }),
    /USAGE[^]*"mean" or "sum" or "none"/,
  ],
  'crossEntropy, a list': [
    () => losses.crossEntropy(ones([2, 3]), [1, 2]),
    /USAGE[^]*targets is not a tensor[^]*tensor\(/,
  ],
  'random.normal, no list': [() => random.normal(1, 3), /USAGE[^]*a shape is a list/],
  'random.normal, no key': [() => random.normal([3]), /USAGE/],
  'random.uniform, options': [() => random.uniform(1, [3], { low: 1 }), /USAGE[^]*low is not a number/],
  'random, key of text': [() => random.uniform('a', [3]), /USAGE[^]*the key is not a tensor/],
  'whileLoop, rounds of text': [
    () => h.whileLoop(identity, identity, zeros([]), { maxRounds: 'a' }),
    /USAGE[^]*maxRounds/,
  ],
  'whileLoop, half a round': [
    () => h.whileLoop(identity, identity, zeros([]), { maxRounds: 0.5 }),
    /ATTRIBUTE_INVALID[^]*0.5/,
  ],
  'whileLoop, no condition': [
    () => h.whileLoop(identity, identity, zeros([])),
    /DTYPE_MISMATCH[^]*one bool[^]*f32\[\]/,
  ],
  'foriLoop, half a bound': [() => h.foriLoop(0, 1.5, identity, zeros([])), /ATTRIBUTE_INVALID[^]*1.5/],
  'foriLoop, a bound of text': [
    () => h.foriLoop('0', 1, identity, zeros([])),
    /ATTRIBUTE_INVALID[^]*an integer/,
  ],
  'foriLoop, a bound of floats': [
    () => h.foriLoop(zeros([]), 1, identity, zeros([])),
    /DTYPE_MISMATCH[^]*f32\[\]/,
  ],
  'switchCase, no branches': [
    () => h.switchCase(zeros([], { dtype: 'i32' }), []),
    /USAGE[^]*list of functions/,
  ],
  'switchCase, a branch of text': [
    () => h.switchCase(zeros([], { dtype: 'i32' }), ['a']),
    /USAGE[^]*function/,
  ],
  'switchCase, an index of floats': [() => h.switchCase(zeros([]), [identity]), /DTYPE_MISMATCH[^]*f32\[\]/],
  'cond, a boolean': [() => h.cond(true, identity, identity), /USAGE[^]*the condition is not a tensor/],
  'tensorData, wrong array': [
    () => h.tensorData('f32', [3], new Int32Array(3)),
    /INPUT_DTYPE[^]*Int32Array[^]*Float32Array for f32/,
  ],
  'tensorData, too short': [() => h.tensorData('f32', [3], new Float32Array(2)), /INPUT_SHAPE[^]*2 elements/],
  'tensorData, a list': [() => h.tensorData('f32', [1], [1]), /INPUT_DTYPE[^]*Array/],
  'tensorData, swapped': [
    () => h.tensorData([3], 'f32', new Float32Array(3)),
    /INPUT_DTYPE[^]*tensorData\(dtype, shape, data\)/,
  ],
  'importOnnx, a path': [() => onnx.importOnnx('model.onnx'), /USAGE[^]*"model\.onnx"[^]*readFileSync/],
  'importOnnx, a buffer': [() => onnx.importOnnx(new ArrayBuffer(8)), /USAGE[^]*new Uint8Array\(buffer\)/],
  'importOnnx, misspelt': [
    () => onnx.importOnnx(new Uint8Array(8), { dim: {} }),
    /USAGE[^]*did you mean dims/,
  ],
  'exportOnnx, a compiled function': [() => onnx.exportOnnx(jit(identity)), /USAGE[^]*\.program/],
  'exportOnnx, a result of compile': [
    () => onnx.exportOnnx({ prepared: {} }),
    /USAGE[^]*compiled\.prepared\.original/,
  ],
  prepare: [() => h.prepare({ graph: { nodes: [], outputs: [] } }), /USAGE[^]*weights are a Map/],
};

describe('wrong calls say what is wrong', () => {
  test.each(Object.keys(WRONG))('%s', (name) => {
    const [call, message] = WRONG[name];
    let error: unknown;
    try {
      call();
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(heddle.HeddleError);
    expect((error as Error).message).toMatch(message);
  });
});

/** Calls that give promises. */
const REJECTED: Readonly<Record<string, readonly [call: () => unknown, message: RegExp]>> = {
  'compile, a compiled function': [
    () => h.compile(jit(identity)),
    /USAGE[^]*f\.compile\(\.\.\.arguments\)\)\.program/,
  ],
  'compile, bytes': [() => h.compile(new Uint8Array(4)), /USAGE[^]*importOnnx\(bytes\)[^]*loadBundle/],
  'compile, no device': [
    () => h.compile({ graph: { nodes: [] }, weights: new Map() }),
    /USAGE[^]*device: an open device/,
  ],
  'loadBundle, a path': [() => h.loadBundle('x.heddle', { device: openDevice }), /USAGE[^]*a Uint8Array/],
  'loadBundle, a device by place': [
    () => h.loadBundle(new Uint8Array(9), openDevice),
    /USAGE[^]*loadBundle\(bytes, \{ device \}\)/,
  ],
  'loadBundle, nothing': [() => h.loadBundle(new Uint8Array(9)), /USAGE/],
  'openDevice, without WebGPU': [() => h.openDevice(undefined), /DEVICE_NOT_FOUND/],
  'saveCheckpoint, nothing': [() => h.saveCheckpoint(), /USAGE[^]*model/],
  'saveCheckpoint, a model by place': [
    () => h.saveCheckpoint(new nn.Linear(2, 2, { key: 1 })),
    /USAGE[^]*a Linear/,
  ],
};

test.each(Object.keys(REJECTED))('%s', async (name) => {
  const [call, message] = REJECTED[name];
  const result = Promise.resolve().then(() => call());
  await expect(result).rejects.toThrow(message);
  await expect(result).rejects.toBeInstanceOf(heddle.HeddleError);
});

describe('a tensor that is gone', () => {
  const gone = (): heddle.Tensor => {
    const x = heddle.ones([2]);
    x.dispose();
    return x;
  };
  test.each<[string, (x: heddle.Tensor) => unknown]>([
    ['add', (x) => x.add(1)],
    ['add', (x) => heddle.ones([2]).add(x)],
    ['shape', (x) => x.shape],
    ['concat', (x) => heddle.concat([x, x])],
    ['linear', (x) => heddle.ones([2]).linear(heddle.ones([2, 2]), x)],
    ['jit(step), argument 0.w', (x) => heddle.jit(function step(_: unknown) { return heddle.ones([1]); })({ w: x })], // prettier-ignore
  ])('%s names itself and the line', (name, use) => {
    const where = new RegExp(`at: +${name.replace(/[()]/g, '\\$&')}, called at .*arguments\\.test`);
    expect(() => use(gone())).toThrow(where);
    expect(() => use(gone())).toThrow(/TENSOR_DISPOSED/);
  });

  test('data() names itself', async () => {
    await expect(gone().data()).rejects.toThrow(/at: +data, called at .*arguments\.test/);
  });
});
