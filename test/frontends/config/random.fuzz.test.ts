/** Random configs: what is valid compiles, learns, is saved and loaded, and gives the same bits on interpreter and device. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/data/index.js';
import {
  fromConfig,
  networkProgram,
  type Chain,
  type LayerConfig,
  type NetworkConfig,
} from '../../../src/frontends/config/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { jit, optim, random, readAll, valueAndGrad, type Tensor } from '../../../src/index.js';
import { optimize } from '../../../src/passes/optimize.js';
import { expectSameTrees, onDevices } from '../../tensor/support.js';
import { fuzz } from '../../support/fuzz.js';

const DEPTH = 4;

const activation = fc.constantFrom('relu', 'tanh', 'gelu', 'swish', 'softmax', 'linear');
const size = fc.integer({ min: 1, max: 4 });

/** Layers that take any input and give a vector. */
const leaf: fc.Arbitrary<LayerConfig> = fc.oneof(
  fc.record({ type: fc.constant('dense' as const), height: size, activation }),
  fc.record({ type: fc.constant('stitch' as const), output_size: size }),
  fc.record({ type: fc.constantFrom('layer_norm' as const, 'rms_norm' as const), activation }),
  fc.record({ type: fc.constant('swiglu' as const), output_size: size }),
  fc.record({ type: fc.constantFrom('rnn' as const, 'lstm' as const, 'gru' as const), hidden_size: size }),
  fc.record({
    type: fc.constant('softmax' as const),
    softmax_variant: fc.constantFrom('standard' as const, 'sparse' as const, 'temperature' as const),
  }),
  fc.record({
    type: fc.constant('kmeans' as const),
    num_clusters: size,
    kmeans_output_mode: fc.constantFrom('features' as const, 'probabilities' as const),
  }),
);

/** Layers of layers, with no more than `depth` around each other. */
function layer(depth: number): fc.Arbitrary<LayerConfig> {
  if (depth === 0) return leaf;
  const inner = layer(depth - 1);
  const dense = (height: number): LayerConfig => ({ type: 'dense', height });
  return fc.oneof(
    { weight: 2, arbitrary: leaf },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('sequential' as const),
        layers: fc.array(inner, { minLength: 1, maxLength: 3 }).map((own) => [...own, dense(3)]),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('parallel' as const),
        combine_mode: fc.constantFrom('concat' as const, 'filter' as const),
        branches: fc.array(inner, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('add' as const, 'multiply' as const, 'average' as const), inner, inner, size)
        .map(([combine_mode, first, second, height]) => ({
          type: 'parallel' as const,
          combine_mode,
          // A dense layer at the end of each makes them fit.
          branches: [first, second].map((one) => ({ type: 'sequential' as const, layers: [one, dense(height)] })), // prettier-ignore
        })),
    },
  );
}

const network: fc.Arbitrary<NetworkConfig> = fc.record({
  input: fc.array(size, { minLength: 1, maxLength: 2 }),
  seed: fc.nat(),
  layers: fc.array(layer(DEPTH), { minLength: 1, maxLength: 2 }),
});

const optimizer = optim.sgd({ learningRate: 0.1, momentum: 0.9 });

function step(net: Chain, x: Tensor): { readonly output: Tensor; readonly next: Chain } {
  const loss = (own: Chain): Tensor => own.call(x).sub(0.5).square().mean();
  const output = net.call(x);
  if (net.parameterCount === 0) return { output, next: net };
  const [, gradients] = valueAndGrad(loss)(net);
  return { output, next: optimizer.update(net, gradients, optimizer.init(net))[0] };
}

async function saved(net: Chain): Promise<Uint8Array> {
  const state = Object.entries(net.state());
  const data = await readAll(state.map(([, tensor]) => tensor));
  return writeSafetensors(new Map(state.map(([name], i) => [name, data[i]])));
}

describe('random configs', () => {
  test('compile, run, learn, and come back from files with the same bits', async () => {
    await fc.assert(
      fc.asyncProperty(network, fc.integer({ min: 1, max: 3 }), async (config, batch) => {
        const net = fromConfig(JSON.stringify(config));
        const x = random.normal(1, [batch, ...(config.input ?? [])]);
        const { next } = step(net, x);
        const loaded = fromConfig(config, { weights: readSafetensors(await saved(next)).tensors, seed: 1 });
        await expectSameTrees(loaded.call(x), next.call(x));
        // The program of the command line, before and after the passes, and each example by itself.
        const [data] = await readAll([x]);
        const [expected] = await readAll([next.call(x)]);
        const program = await networkProgram(next, batch);
        expect(interpret(program, { input: data }).outputs.output).toEqual(expected);
        expect(interpret(optimize(program), { input: data }).outputs.output).toEqual(expected);
        await expectSameTrees(next.call(x.slice([0, 1])), next.call(x).slice([0, 1]));
      }),
      fuzz(40),
    );
  });

  test('give an error with the right path where a layer is broken', () => {
    fc.assert(
      fc.property(network, fc.nat(), (config, pick) => {
        const places = placesIn(config.layers, '$.layers');
        const [path, own] = places[pick % places.length];
        const broken = JSON.parse(JSON.stringify(config, (_, value: unknown) => (value === own ? { ...own, typo: 1 } : value))) as unknown; // prettier-ignore
        expect(() => fromConfig(broken)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', where: `${path}.typo` })); // prettier-ignore
      }),
      fuzz(100),
    );
  });
});

/** All layers, with their paths. */
function placesIn(layers: readonly LayerConfig[], path: string): [string, LayerConfig][] {
  return layers.flatMap((own, i) => {
    const at = `${path}[${i}]`;
    const inner = own.type === 'parallel' ? own.branches : own.type === 'sequential' ? own.layers : undefined;
    const key = own.type === 'parallel' ? 'branches' : 'layers';
    return [[at, own] as [string, LayerConfig], ...placesIn(inner ?? [], `${at}.${key}`)];
  });
}

onDevices((pair) => {
  test('a random config has the bits of the interpreter', { timeout: 300_000 }, async () => {
    const { device, reference } = pair();
    await fc.assert(
      fc.asyncProperty(network, async (config) => {
        const net = fromConfig(config);
        const x = random.normal(1, [2, ...(config.input ?? [])]);
        const expected = jit(step, { backend: reference })(net, x);
        const run = jit(step, { backend: device });
        await expectSameTrees(run(net, x), expected);
        run.dispose();
      }),
      fuzz(4),
    );
  });
});
