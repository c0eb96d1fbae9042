/** Tensors of ONNX in files of their own. */
import { encodeTensor, tensor } from '../../../scripts/onnx-proto.mjs';
import { readTensorProto } from '../../../src/frontends/onnx/index.js';
import type { InputFamily } from './family.js';
import { mutateBytes, mutateJson, sizeOf } from './mutate.js';

const DTYPES = ['float', 'uint8', 'int8', 'int32', 'int64', 'bool', 'double'] as const;

export const pb: InputFamily = {
  name: 'pb',
  make(random) {
    const dtype = random.pick(DTYPES);
    const count = random.integer(0, 6);
    const good = tensor(
      'x',
      dtype,
      [count],
      random.times(count, () => (dtype === 'int64' ? 1n : 1)),
    );
    if (random.chance(0.5)) {
      const { bytes, how } = mutateBytes(encodeTensor(good), random);
      return { describe: how, run: () => void readTensorProto(bytes, 'x.pb') };
    }
    const dims = random.chance(0.1) ? random.times(random.pick([100, 300_000]), () => 1) : random.times(random.integer(0, 5), () => sizeOf(random)); // prettier-ignore
    const { value, how } = mutateJson({ dataType: random.integer(0, 30), name: 'x' }, random, () => random.integer(-1, 40)); // prettier-ignore
    const { dataType } = value as { readonly dataType?: unknown };
    const proto = { ...good, dims: dims.map(Math.trunc).filter(Number.isSafeInteger), ...(typeof dataType === 'number' && random.chance(0.5) ? { dataType: Math.trunc(dataType) } : {}) }; // prettier-ignore
    return {
      describe: `${how}, ${dims.length} dims`,
      run: () => void readTensorProto(encodeTensor(proto), 'x.pb'),
    };
  },
};
