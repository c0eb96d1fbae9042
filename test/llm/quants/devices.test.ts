/** Packed weights as devices unpack them: the bits of the definition, on every engine. */
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { TensorData } from '../../../src/base/tensor.js';
import { backendAt, type Place } from '../../../src/llm/engine/place.js';
import { uprightView } from '../../../src/llm/quants/layout.js';
import { packedForm, packedPlanes } from '../../../src/llm/quants/packed.js';
import { dequantize, GGML_TYPE_NAMES, GGML_TYPES, type GgmlTypeName } from '../../../src/llm/quants/types.js';
import { openNodeDevice } from '../../../src/node/index.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { availableGpus } from '../../support/gpu.js';
import { uniform } from '../support/tiny.js';

const ROWS = 32;
const COLUMNS = 256;
/** Blocks whose bytes are anything, so that scales are subnormal, infinite and no numbers, too. */
const blocksOf = (type: GgmlTypeName): Uint8Array<ArrayBuffer> => {
  const random = uniform(GGML_TYPES[type].id + 1);
  const { bytes, weights } = GGML_TYPES[type];
  const all = Uint8Array.from({ length: (ROWS * COLUMNS * bytes) / weights }, () => random() * 256);
  // A scale that is an f32, and subnormal, is 0 on devices that flush.
  if (type === 'Q8_K') for (let at = 3; at < all.length; at += bytes) all[at] |= 1;
  return all;
};

/** NaNs as one; subnormals as zeros, which is what devices may take them for. */
const words = (values: ArrayLike<number>): Uint32Array => {
  const plain = (x: number): number => (Number.isNaN(x) ? Number.NaN : Math.abs(x) < 2 ** -126 ? 0 * x : x);
  return new Uint32Array(Float32Array.from(values, plain).buffer);
};

/** A graph with the weights of all types, and what it takes. */
function program(): {
  readonly graph: ReturnType<GraphBuilder['build']>;
  readonly inputs: readonly TensorData[];
} {
  const b = new GraphBuilder('unpack');
  const inputs: TensorData[] = [];
  for (const type of GGML_TYPE_NAMES) {
    const planes = packedPlanes(type, blocksOf(type), COLUMNS);
    const params = planes.map(({ dtype, shape }, i) => uprightView(b, b.param(`${type}.${i}`, dtype, shape)));
    inputs.push(...planes);
    b.output(type, b.permute(packedForm(type, COLUMNS).unpack(b, params), [1, 0]));
  }
  return { graph: b.build(), inputs };
}

const PLACES: readonly (readonly [string, () => Promise<Place>])[] = [
  ['WebAssembly', () => openWasmDevice({ threads: 1 })],
  ...availableGpus.map(
    (name) => [name, () => openNodeDevice(`webgpu:${name === 'swiftshader' ? name : 'llvmpipe'}`)] as const,
  ),
];

describe.each(PLACES)('%s', (_, open) => {
  it('unpacks all types to the bits of dequantize', async () => {
    const place = await open();
    const backend = backendAt(place);
    const { graph, inputs } = program();
    const computation = backend.compile({ graph, weights: new Map() }, []);
    const results = await backend.read(computation.run(inputs.map((data) => backend.upload(data))));
    for (const [i, type] of GGML_TYPE_NAMES.entries())
      expect([type, words(results[i].data as Float32Array)]).toEqual([type, words(dequantize(type, blocksOf(type)))]); // prettier-ignore
    computation.dispose();
    if ('gpu' in place) place.gpu.destroy();
  });
});
