/** All that the package exports: functions, constructors, and the methods of what they make. */
import * as plot from '../../../../src/learn/plot.js';
import { prepare, CompiledProgram } from '../../../../src/compile.js';
import * as data from '../../../../src/data/index.js';
import * as files from '../../../../src/data/node.js';
import * as config from '../../../../src/frontends/config/index.js';
import * as quantize from '../../../../src/quantize/index.js';
import * as onnx from '../../../../src/frontends/onnx/index.js';
import * as heddle from '../../../../src/index.js';
import * as node from '../../../../src/node/index.js';
import { backend, InferenceSession } from '../../../../src/ort/node-api.js';
import * as runtime from '../../../../src/loader/index.js';
import * as wasm from '../../../../src/loader/wasm.js';
import { Executable } from '../../../../src/runtime/executable.js';
import { weightsOf } from '../../../../src/ir/weights.js';
import { mockDevice } from '../../../runtime/mock-gpu.js';
import { privateMembers } from './private.js';
import { smallProgram } from './values.js';

type Call = (args: readonly unknown[]) => unknown;
type Callable = (...args: readonly unknown[]) => unknown;

export interface Target {
  readonly name: string;
  /** Makes what the call needs, then calls. */
  readonly call: Call;
}

const { nn, ones, optim, tensorData } = heddle;
const key = 1;
const device = mockDevice();
const prepared = prepare(smallProgram());
const resident = prepare(smallProgram(), { residents: true });
const executables = await Promise.all(
  [prepared, resident].map(({ planned, program }) =>
    Executable.create(planned.plan, heddle.buildPreludes(), weightsOf(program), device),
  ),
);
/** Functions of the caller do not throw: what they throw is theirs. */
const positive = (x: heddle.Tensor): heddle.Tensor => heddle.maximum(x, 0);
const examples = () =>
  data.tensorDataset(
    tensorData('f32', [4, 1], new Float32Array(4)),
    tensorData('i32', [4], Int32Array.of(0, 1, 0, 1)),
  );
const text = () => data.characterDataset('to be or not to be', { context: 2, validation: 0.5 });

/** Things with methods, each made for one call. */
const SPECIMENS: Readonly<Record<string, () => object>> = {
  tensor: () => ones([2, 3]),
  image: () => ones([1, 2, 4, 4]),
  integers: () => ones([2], { dtype: 'i32' }),
  booleans: () => ones([2], { dtype: 'bool' }),
  Linear: () => new nn.Linear(3, 2, { key }),
  Conv1d: () => new nn.Conv1d(2, 2, 1, { key }),
  Conv2d: () => new nn.Conv2d(2, 2, 3, { key }),
  Conv3d: () => new nn.Conv3d(2, 2, 1, { key }),
  ConvTranspose1d: () => new nn.ConvTranspose1d(2, 2, 1, { key }),
  ConvTranspose2d: () => new nn.ConvTranspose2d(2, 2, 1, { key }),
  BatchNorm: () => new nn.BatchNorm(2),
  LayerNorm: () => new nn.LayerNorm(3),
  RMSNorm: () => new nn.RMSNorm(3),
  GroupNorm: () => new nn.GroupNorm(1, 2),
  MaxPool: () => new nn.MaxPool(2),
  AveragePool: () => new nn.AveragePool(2),
  Dropout: () => new nn.Dropout(0.5),
  Embedding: () => new nn.Embedding(3, 2, { key }),
  FeedForward: () => new nn.FeedForward(3, 4, { key }),
  SwiGLU: () => new nn.SwiGLU(3, 4, { key }),
  MultiHeadAttention: () => new nn.MultiHeadAttention(4, 2, { key }),
  TransformerBlock: () => new nn.TransformerBlock(4, 2, { key }),
  RNN: () => new nn.RNN(3, 2, { key }),
  LSTM: () => new nn.LSTM(3, 2, { key }),
  GRU: () => new nn.GRU(3, 2, { key }),
  LSTMCell: () => new nn.LSTMCell(3, 2, { key }),
  GRUCell: () => new nn.GRUCell(3, 2, { key }),
  RNNCell: () => new nn.RNNCell(3, 2, 'tanh', { key }),
  RoPE: () => new nn.RoPE(),
  ALiBi: () => new nn.ALiBi(2),
  SinusoidalPositions: () => new nn.SinusoidalPositions(4),
  LearnedPositions: () => new nn.LearnedPositions(4, 4, { key }),
  Sequential: () => new nn.Sequential(new nn.Linear(3, 2, { key }), nn.relu),
  sgd: () => optim.sgd({ learningRate: 0.1, momentum: 0.9 }),
  adam: () => optim.adam({ learningRate: optim.schedules.constant(0.1) }),
  adafactor: () => optim.adafactor({ learningRate: 0.1 }),
  accumulated: () => optim.accumulated(optim.lion({ learningRate: 0.1 }), 2),
  clipped: () => optim.clipped(optim.lamb({ learningRate: 0.1 }), { globalNorm: 1 }),
  schedule: () => ({ cosine: optim.schedules.cosine(0.1, 10), warmup: optim.schedules.warmup(2, 0.1) }),
  'functions made': () => ({
    jit: heddle.jit(positive),
    donating: heddle.jit(positive, { donate: [0] }),
    grad: heddle.grad((x: heddle.Tensor) => heddle.matmul(x, x)),
    vmap: heddle.vmap(positive),
    checkpoint: heddle.checkpoint(positive),
    pullback: heddle.vjp((x: heddle.Tensor) => x.mul(x), ones([2]))[1],
  }),
  jit: () => heddle.jit(positive),
  dataset: examples,
  column: () => examples().columns.labels,
  bytes: () => data.byteColumn('x', [2], new Uint8Array(4)),
  text: () => text().train,
  vocabulary: () => text().vocabulary,
  builder: () => {
    const b = new heddle.GraphBuilder('b');
    b.output('y', b.unary('neg', b.param('x', 'f32', [2])));
    return b;
  },
  executable: () => executables[0],
  'resident executable': () => executables[1],
  compiled: () => new CompiledProgram(prepared, executables[0]),
  heap: () => new runtime.DeviceHeap(device),
  tweenRule: () => config.tween({ learningRate: 1 }),
  network: () => config.fromConfig({ layers: [{ type: 'dense', input_height: 2, output_height: 2 }], input: [2] }), // prettier-ignore
  backend: () => heddle.webgpu(device),
};

/** What would open a device, what ends what other calls need, and the error itself. */
const LEFT_OUT =
  /^heddle\/node\.listAdapters$|^new .*HeddleError$|executable\.(dispose|rebuild)$|^compiled\.dispose$/;

/** Interfaces between parts of the package, which are handed from one to another and called by no user. */
const INTERNAL =
  /^(backend|REFERENCE|heddle\.REFERENCE)\.(?!dispose)|\.(expr|exprFor|wrap|apply|named|retain|release)$|^(heap)\.(watch|wrote|checkHeld|checkUsable)$/;

/** The default device is a real one. */
const OPENS_DEVICE = 'heddle/node.openNodeDevice';

const PRIVATE = privateMembers();

function exportsOf(path: string, namespace: object): Target[] {
  return Object.entries(namespace).flatMap(([name, value]: [string, unknown]) => {
    const at = `${path}.${name}`;
    if (isClass(value)) return [constructorOf(at, value), ...staticsOf(at, value)];
    if (typeof value === 'function') return [functionOf(at, value as Callable)];
    return typeof value === 'object' && value !== null && isNamespace(value) ? exportsOf(at, value) : [];
  });
}

const isNamespace = (value: object): boolean =>
  Object.values(value).some((each) => typeof each === 'function');

type Class = new (...args: readonly unknown[]) => object;

const isClass = (value: unknown): value is Class =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

const constructorOf = (name: string, made: Class): Target => ({
  name: `new ${name}`,
  call: (args) => new made(...args),
});

const staticsOf = (name: string, made: Class): Target[] =>
  Object.getOwnPropertyNames(made).flatMap((property) => {
    const value = (made as unknown as Readonly<Record<string, unknown>>)[property];
    return typeof value === 'function'
      ? [
          {
            name: `${name}.${property}`,
            call: (args: readonly unknown[]): unknown => Reflect.apply(value, made, args),
          },
        ]
      : [];
  });

const functionOf = (name: string, f: Callable): Target => ({
  name,
  call: (args) => {
    const opens = name === OPENS_DEVICE && (args[0] === undefined || `${typeof args[0]}` === 'string');
    return opens ? f('webgpu:no such device', { junk: args[1] }) : f(...args);
  },
});

function methodsOf(name: string, make: () => object): Target[] {
  return methodNames(make()).map((method) => ({
    name: `${name}.${method}`,
    call: (args) => {
      const specimen = make();
      return Reflect.apply((specimen as Readonly<Record<string, Callable>>)[method], specimen, args);
    },
  }));
}

function methodNames(specimen: object): string[] {
  const names = new Set<string>();
  for (
    let from: object | null = specimen;
    from !== null && from !== Object.prototype && from !== Function.prototype;
    from = Object.getPrototypeOf(from) as object | null
  )
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
      if (typeof value === 'function' && !PRIVATE.has(`${from.constructor.name}.${name}`)) names.add(name);
  names.delete('constructor');
  return [...names];
}

export const TARGETS: readonly Target[] = [
  ...exportsOf('heddle', heddle),
  ...exportsOf('heddle/config', config),
  ...exportsOf('heddle/quantize', quantize),
  ...exportsOf('heddle/onnx', onnx),
  ...exportsOf('heddle/data', data),
  ...exportsOf('heddle/data/node', files),
  ...exportsOf('heddle/node', node),
  functionOf('heddle/ort.InferenceSession.create', InferenceSession.create as Callable),
  functionOf(
    'heddle/ort.backend.createInferenceSessionHandler',
    backend.createInferenceSessionHandler as Callable,
  ),
  ...exportsOf('heddle/runtime', runtime),
  ...exportsOf('heddle/runtime/wasm', wasm),
  ...exportsOf('heddle/plot', plot),
  ...Object.entries(SPECIMENS).flatMap(([name, make]) => methodsOf(name, make)),
].filter(({ name }) => !LEFT_OUT.test(name) && !INTERNAL.test(name));
