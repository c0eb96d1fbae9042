// Writes the repository's own model, models/digits.onnx, and an input for it: a small convolutional network for 28 x 28
// images of digits, so that `npm start` and the tests need nothing from outside. Its weights are seeded noise of sensible
// size; the same bytes come out every time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { encodeModel, encodeTensor, node, port, tensor } from './onnx-proto.mjs';

const models = new URL('../models/', import.meta.url);

/** mulberry32: a function that gives the next number in [0, 1). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A weight filled evenly from [-limit, limit], limit = sqrt(6 / fanIn), which keeps the scale of what passes a ReLU. */
function weight(name, dims, fanIn, seed) {
  const next = random(seed);
  const limit = Math.sqrt(6 / fanIn);
  const count = dims.reduce((product, extent) => product * extent, 1);
  return tensor(
    name,
    'float',
    dims,
    Array.from({ length: count }, () => limit * (2 * next() - 1)),
  );
}

const bias = (name, count, seed) => {
  const next = random(seed);
  return tensor(
    name,
    'float',
    [count],
    Array.from({ length: count }, () => 0.1 * (2 * next() - 1)),
  );
};

const graph = {
  name: 'digits',
  input: [port('image', 'float', [1, 1, 28, 28])],
  output: [port('probabilities', 'float', [1, 10])],
  initializer: [
    weight('conv1.weight', [8, 1, 5, 5], 25, 1),
    bias('conv1.bias', 8, 2),
    weight('conv2.weight', [16, 8, 5, 5], 200, 3),
    bias('conv2.bias', 16, 4),
    weight('dense.weight', [10, 256], 256, 5),
    bias('dense.bias', 10, 6),
  ],
  node: [
    {
      ...node('Conv', ['image', 'conv1.weight', 'conv1.bias'], ['conv1'], {
        kernel_shape: [5, 5],
        pads: [2, 2, 2, 2],
      }),
      name: 'conv1',
    },
    { ...node('Relu', ['conv1'], ['relu1']), name: 'relu1' },
    { ...node('MaxPool', ['relu1'], ['pool1'], { kernel_shape: [2, 2], strides: [2, 2] }), name: 'pool1' },
    {
      ...node('Conv', ['pool1', 'conv2.weight', 'conv2.bias'], ['conv2'], {
        kernel_shape: [5, 5],
        pads: [2, 2, 2, 2],
      }),
      name: 'conv2',
    },
    { ...node('Relu', ['conv2'], ['relu2']), name: 'relu2' },
    { ...node('MaxPool', ['relu2'], ['pool2'], { kernel_shape: [3, 3], strides: [3, 3] }), name: 'pool2' },
    { ...node('Flatten', ['pool2'], ['flat'], { axis: 1 }), name: 'flatten' },
    { ...node('Gemm', ['flat', 'dense.weight', 'dense.bias'], ['logits'], { transB: 1 }), name: 'dense' },
    { ...node('Softmax', ['logits'], ['probabilities'], { axis: 1 }), name: 'softmax' },
  ],
};

/** A seven in strokes: brightness falls off with the distance from the lines. */
function seven() {
  const strokes = [
    [7, 7, 20, 7],
    [20, 7, 12, 22],
  ];
  const distance = (x, y, [x0, y0, x1, y1]) => {
    const [dx, dy] = [x1 - x0, y1 - y0];
    const t = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
  };
  return Array.from({ length: 28 * 28 }, (_, i) => {
    const nearest = Math.min(...strokes.map((stroke) => distance(i % 28, Math.floor(i / 28), stroke)));
    return Math.min(1, Math.max(0, 2 - nearest));
  });
}

mkdirSync(new URL('digits-data/', models), { recursive: true });
writeFileSync(new URL('digits.onnx', models), encodeModel(graph));
writeFileSync(
  new URL('digits-data/input_0.pb', models),
  encodeTensor(tensor('image', 'float', [1, 1, 28, 28], seven())),
);
