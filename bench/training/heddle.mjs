/** Heddle's side: the public API as its examples use it, one compiled step that updates model and state in place. */
import { readFileSync } from 'node:fs';
import {
  DEFAULT_TARGET,
  SOFTWARE_TARGET,
  dispose,
  jit,
  losses,
  nn,
  openWasmDevice,
  optim,
  prepare,
  wasm,
  WASM_TARGET,
} from '../../dist/index.js';
import { random, tensor, valueAndGrad, webgpu } from '../../dist/index.js';
import { openNodeDevice } from '../../dist/node/index.js';
import { modelOfShapes } from './shapes.mjs';
import { donationsOf } from './donations.mjs';

export const name = 'heddle';
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

let device;
let backend;

/** @param {{ device: string, backend: 'webgpu' | 'wasm', threads?: number }} options the device in heddle's own spelling */
export async function init(options) {
  if (options.backend === 'wasm') {
    device = await openWasmDevice({ threads: options.threads });
    backend = wasm(device);
  } else {
    device = await openNodeDevice(options.device);
    backend = webgpu(device);
  }
}

class Mlp extends nn.Module {
  constructor(key) {
    super();
    const [first, second] = random.split(key);
    this.hidden = new nn.Linear(784, 128, { key: first });
    this.output = new nn.Linear(128, 10, { key: second });
  }
  call(x) {
    return this.output.call(this.hidden.call(x.flatten(1)).relu());
  }
}

class Cnn extends nn.Module {
  constructor(key) {
    super();
    const keys = random.split(key, 4);
    this.first = new nn.Conv2d(1, 16, 5, { key: keys[0] });
    this.second = new nn.Conv2d(16, 32, 5, { key: keys[1] });
    this.hidden = new nn.Linear(512, 128, { key: keys[2] });
    this.output = new nn.Linear(128, 10, { key: keys[3] });
  }
  call(x) {
    const first = this.first.call(x).relu().maxPool({ kernel: 2, stride: 2 });
    const second = this.second.call(first).relu().maxPool({ kernel: 2, stride: 2 });
    return this.output.call(this.hidden.call(second.flatten(1)).relu());
  }
}

class Transformer extends nn.Module {
  constructor(key, { vocabulary, length, features, heads, layers }) {
    super();
    const [forTokens, forPositions, forHead, ...forBlocks] = random.split(key, 3 + layers);
    this.tokens = new nn.Embedding(vocabulary, features, { key: forTokens });
    this.positions = new nn.LearnedPositions(length, features, { key: forPositions });
    const options = { causal: true, feedForward: nn.geluTanh };
    this.blocks = forBlocks.map((own) => new nn.TransformerBlock(features, heads, { key: own, ...options }));
    this.norm = new nn.LayerNorm(features);
    this.head = new nn.Linear(features, vocabulary, { key: forHead, bias: false });
  }
  call(x) {
    const embedded = this.positions.call(this.tokens.call(x));
    return this.head.call(this.norm.call(this.blocks.reduce((value, block) => block.call(value), embedded)));
  }
}

const MODELS = {
  mlp: (key) => new Mlp(key),
  cnn: (key) => new Cnn(key),
  transformer: (key, size) => new Transformer(key, size),
};

/**
 * @param {import('./workloads.mjs').Workload} workload
 * @param {ReturnType<import('./workloads.mjs').Workload['parameters']>} parameters
 */
export function open(workload, parameters) {
  const values = Object.entries(parameters).map(([name, { shape, data }]) => [name, tensor(data, { shape })]);
  let model = modelOfShapes((key) => MODELS[workload.name](key, workload.size));
  model = model.load(Object.fromEntries(values)).to(backend);
  const optimizer = optim.sgd(workload.sgd);
  let state = optimizer.init(model);
  const step = jit(
    (model, state, x, y) => {
      const [loss, gradients] = valueAndGrad((m) => losses.crossEntropy(m.call(x), y))(model);
      const [next, nextState] = optimizer.update(model, gradients, state);
      return { model: next, state: nextState, loss };
    },
    { donate: [0, 1], name: workload.name, backend },
  );
  const shapeOf = (array) =>
    array instanceof Float32Array
      ? [workload.batch, 1, 28, 28]
      : [workload.batch, array.length / workload.batch];
  const inputs = ({ x, y }) => [
    tensor(x, { shape: shapeOf(x) }),
    tensor(y, { shape: x instanceof Float32Array ? [workload.batch] : shapeOf(y) }),
  ];

  return {
    /** Starts a step on a batch; what it returns reads the loss. */
    step(batch) {
      const result = step(model, state, ...inputs(batch));
      [model, state] = [result.model, result.state];
      return async () => {
        const [loss] = await result.loss.data();
        result.loss.dispose();
        return loss;
      };
    },

    /** What the plan says about memory, from a compilation of its own. */
    stats(batch) {
      const graph = step.lower(model, state, ...inputs(batch));
      const onGpu = device.software === true ? SOFTWARE_TARGET : DEFAULT_TARGET;
      const target = 'memory' in device ? WASM_TARGET : onGpu;
      const options = { target, residents: true, donate: donationsOf(graph) };
      const { plan } = prepare({ graph, weights: new Map() }, options).planned;
      return {
        kernels: plan.commands.length,
        arenaBytes: plan.arenaBytes,
        arenaLowerBoundBytes: plan.arenaLowerBound,
        residentBytes: plan.ports.bytes,
        lowerBoundBytes: plan.ports.lowerBound,
      };
    },

    dispose() {
      step.dispose();
      dispose([model, state]);
    },
  };
}
