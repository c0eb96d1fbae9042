/** Models that are imported for each size: wherever their tensors lie in the file, all imports have one copy. */
import { expect, test } from 'vitest';
import { encodeModel, node, port, tensor } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { wave } from '../../runtime/support.js';

const MODEL = encodeModel(
  {
    name: 'model',
    input: [port('x', 'float', [1, 1, 'height', 'width'])],
    output: [port('y', 'float', [1, 2, 'height', 'width'])],
    initializer: [tensor('w', 'float', [2, 1, 3, 3], [...wave(18, 7)])],
    node: [
      node('Constant', [], ['bias'], { value: { tensor: tensor('', 'float', [2], [...wave(2, 5)]) } }),
      node('Conv', ['x', 'w', 'bias'], ['y'], { pads: [1, 1, 1, 1] }),
    ],
  },
  { opset: 13 },
);

test.each([0, 1, 2, 3])('a file that begins at byte %i', (start) => {
  const bytes = new Uint8Array(new ArrayBuffer(start + MODEL.length), start);
  bytes.set(MODEL);
  const { free } = importOnnx(bytes);
  const [a, b] = [4, 6].map((height) => free!.bind({ height, width: 5 }));
  const alone = importOnnx(MODEL, { dims: { height: 4, width: 5 } });
  expect(a.weights).toEqual(alone.weights);
  const floats = [...a.weights].filter(([, { dtype }]) => dtype === 'f32');
  expect(floats.length).toBeGreaterThan(0);
  for (const [id, { data }] of floats) {
    const twin = b.weights.get(id)!.data;
    expect([twin.buffer, twin.byteOffset]).toEqual([data.buffer, data.byteOffset]);
    expect(twin.buffer).toBe(data.buffer);
  }
});
