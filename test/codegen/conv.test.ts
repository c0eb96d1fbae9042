/** Convolutions of every template, with every attribute. */
import { describe, test } from 'vitest';
import { expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { specimen } from '../support/specimen.js';
import type { Flavour } from '../support/tensors.js';

interface Case {
  readonly what: string;
  /** [N, C, ...spatial] */
  readonly x: readonly number[];
  readonly out: number;
  readonly kernel: readonly number[];
  readonly strides?: readonly number[];
  readonly pads?: readonly [readonly number[], readonly number[]];
  readonly lhsDilation?: readonly number[];
  readonly rhsDilation?: readonly number[];
  readonly groups?: number;
  readonly dtype?: 'f32' | 'f16';
  readonly flavour?: Flavour;
}

const same = (n: number, rank = 2): readonly [readonly number[], readonly number[]] => [
  new Array<number>(rank).fill(n),
  new Array<number>(rank).fill(n),
];

const CASES: readonly Case[] = [
  { what: '1x1', x: [2, 19, 7, 9], out: 10, kernel: [1, 1] },
  { what: '1x1 of many channels', x: [1, 300, 5, 5], out: 33, kernel: [1, 1] },
  { what: '1x1 with strides', x: [1, 8, 13, 11], out: 6, kernel: [1, 1], strides: [2, 3] },
  { what: '1x1 with pads', x: [1, 3, 6, 5], out: 4, kernel: [1, 1], pads: same(1) },
  { what: '3x3', x: [1, 5, 17, 13], out: 9, kernel: [3, 3], pads: same(1) },
  { what: '3x3 of many channels', x: [1, 70, 8, 9], out: 16, kernel: [3, 3], pads: same(1) },
  { what: '3x3 of many results', x: [1, 4, 48, 47], out: 12, kernel: [3, 3], pads: same(1) },
  { what: '3x3 with strides', x: [2, 6, 15, 14], out: 8, kernel: [3, 3], strides: [2, 2], pads: [[0, 1], [1, 1]] }, // prettier-ignore
  {
    what: '3x3 with dilation',
    x: [1, 7, 14, 15],
    out: 5,
    kernel: [3, 3],
    rhsDilation: [2, 3],
    pads: same(2),
  },
  { what: '5x5', x: [1, 9, 12, 10], out: 6, kernel: [5, 5], pads: same(2) },
  { what: '7x7', x: [1, 3, 31, 29], out: 8, kernel: [7, 7], strides: [2, 2], pads: same(3) },
  { what: '11x11', x: [1, 3, 35, 34], out: 4, kernel: [11, 11], strides: [4, 4], pads: same(2) },
  { what: '13x11, more taps than a block', x: [1, 2, 15, 16], out: 3, kernel: [13, 11], pads: same(1) },
  { what: '1x7 and 7x1', x: [1, 6, 12, 11], out: 5, kernel: [1, 7], pads: [[0, 3], [0, 3]] }, // prettier-ignore
  { what: 'depthwise', x: [1, 13, 17, 18], out: 13, kernel: [3, 3], groups: 13, pads: same(1) },
  { what: 'depthwise with a multiplier and strides', x: [2, 6, 9, 9], out: 12, kernel: [3, 3], groups: 6, strides: [2, 2] }, // prettier-ignore
  { what: 'groups', x: [1, 24, 9, 10], out: 15, kernel: [3, 3], groups: 3, pads: same(1) },
  { what: '1d', x: [3, 5, 70], out: 7, kernel: [9], pads: same(4, 1) },
  { what: '1d of two results', x: [1, 40, 6], out: 2, kernel: [5] },
  { what: '3d', x: [1, 4, 6, 7, 5], out: 6, kernel: [3, 2, 3], pads: same(1, 3), strides: [1, 2, 1] },
  { what: 'pads wider than the kernel', x: [1, 2, 4, 3], out: 3, kernel: [2, 2], pads: [[3, 4], [5, 3]] }, // prettier-ignore
  { what: 'width 1', x: [1, 6, 20, 1], out: 8, kernel: [3, 1], pads: [[1, 0], [1, 0]] }, // prettier-ignore
  { what: 'lhsDilation', x: [1, 5, 6, 7], out: 4, kernel: [3, 3], lhsDilation: [2, 2], pads: same(2) },
  { what: 'lhsDilation and strides, 1d', x: [2, 3, 11], out: 4, kernel: [4], lhsDilation: [3], strides: [2], pads: same(1, 1) }, // prettier-ignore
  {
    what: 'lhsDilation with taps in holes only',
    x: [1, 2, 4, 4],
    out: 2,
    kernel: [1, 1],
    lhsDilation: [2, 3],
  },
  { what: 'lhsDilation of one axis, with many channels', x: [1, 90, 4, 5], out: 3, kernel: [3, 2], lhsDilation: [1, 2] }, // prettier-ignore
  { what: 'f16', x: [1, 20, 9, 9], out: 6, kernel: [3, 3], pads: same(1), dtype: 'f16' },
  { what: 'hostile values', x: [1, 20, 9, 9], out: 6, kernel: [3, 3], pads: same(1), flavour: 'hostile' },
  { what: 'tiny values', x: [1, 6, 9, 9], out: 6, kernel: [3, 3], pads: same(1), flavour: 'tiny' },
  { what: 'many small images', x: [130, 3, 6, 5], out: 5, kernel: [3, 3], pads: same(1) },
  { what: 'images of one pixel', x: [37, 6, 1, 1], out: 9, kernel: [1, 1] },
  { what: 'results of one pixel', x: [9, 4, 5, 5], out: 17, kernel: [5, 5] },
  { what: 'one result for each image', x: [65, 3, 4, 4], out: 1, kernel: [4, 4] },
  { what: 'small images in small groups', x: [3, 40, 4, 4], out: 60, kernel: [3, 3], groups: 20, pads: same(1) }, // prettier-ignore
  { what: 'small depthwise', x: [2, 70, 3, 3], out: 70, kernel: [3, 3], groups: 70, pads: same(1) },
  { what: 'a gradient of weights', x: [3, 30, 11, 11], out: 5, kernel: [7, 7] },
  { what: 'dilations and strides of many images', x: [20, 4, 9, 8], out: 6, kernel: [3, 2], strides: [1, 2], rhsDilation: [2, 3], pads: same(2) }, // prettier-ignore
  { what: 'both dilations', x: [2, 4, 5, 6], out: 3, kernel: [2, 3], lhsDilation: [2, 1], rhsDilation: [3, 2], pads: same(3) }, // prettier-ignore
  { what: 'few results of 4032 terms', x: [2, 63, 9, 10], out: 3, kernel: [8, 8] },
  { what: 'few results of 4096 terms', x: [2, 64, 9, 10], out: 3, kernel: [8, 8], flavour: 'hostile' },
  { what: 'few results of 4160 terms', x: [2, 65, 9, 10], out: 9, kernel: [8, 8], flavour: 'tiny' },
  { what: 'few results of 4116 terms, with pads and strides', x: [3, 84, 9, 10], out: 5, kernel: [7, 7], strides: [2, 1], pads: [[1, 2], [3, 0]], flavour: 'hostile' }, // prettier-ignore
  { what: 'few results of many terms in groups, dilated', x: [2, 174, 14, 13], out: 6, kernel: [7, 7], rhsDilation: [2, 2], groups: 2 }, // prettier-ignore
  { what: 'few results of many terms, 1x1', x: [3, 4100, 2, 2], out: 5, kernel: [1, 1], flavour: 'hostile' },
  { what: 'few results of many terms, 1d', x: [2, 700, 9], out: 3, kernel: [6], pads: same(1, 1) },
  { what: 'few results of many f16 terms', x: [1, 65, 9, 9], out: 3, kernel: [8, 8], dtype: 'f16' },
  { what: 'many terms in holes', x: [1, 70, 6, 6], out: 2, kernel: [8, 8], lhsDilation: [2, 2] },
  { what: 'no input channels', x: [1, 0, 5, 5], out: 3, kernel: [3, 3] },
  { what: 'no output channels', x: [1, 3, 5, 5], out: 0, kernel: [3, 3] },
  { what: 'no samples', x: [0, 3, 5, 5], out: 2, kernel: [3, 3] },
  { what: 'nothing but padding', x: [1, 3, 0, 5], out: 2, kernel: [3, 3], pads: same(2) },
  { what: 'nothing but padding around holes', x: [1, 3, 0, 5], out: 2, kernel: [3, 3], pads: same(2), lhsDilation: [2, 1] }, // prettier-ignore
];

function convolution(c: Case) {
  const spatial = c.kernel.map(() => 1);
  const [padLow, padHigh] = c.pads ?? same(0, c.kernel.length);
  const groups = c.groups ?? 1;
  return specimen((b) => {
    const x = b.param('x', c.dtype ?? 'f32', c.x);
    const w = b.param('w', c.dtype ?? 'f32', [c.out, c.x[1] / groups, ...c.kernel]);
    const y = b.emit('conv', [x, w], {
      strides: c.strides ?? spatial,
      padLow,
      padHigh,
      lhsDilation: c.lhsDilation ?? spatial,
      rhsDilation: c.rhsDilation ?? spatial,
      groups,
    });
    b.output('y', y);
  }, c.flavour);
}

describe.each(availableGpus)('%s', (gpu) => {
  test.each(CASES)('$what', async (c) => {
    await expectSameBits(convolution(c), { gpus: [gpu], variants: ['optimised', 'software'] });
  });

  test('gradients of a small batch, whose operands are views', async () => {
    const net = specimen((b) => {
      const plain = { strides: [1, 1], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 1 };
      const [x, w] = [b.param('x', 'f32', [70, 3, 11, 10]), b.param('w', 'f32', [6, 3, 3, 3])];
      const dy = b.param('dy', 'f32', [70, 6, 9, 8]);
      const turned = b.emit('reverse', [b.permute(w, [1, 0, 2, 3])], { axes: [2, 3] });
      const pads = { padLow: [2, 2], padHigh: [2, 2] };
      b.output('dx', b.emit('conv', [dy, turned], { ...plain, ...pads }));
      const none = { padLow: [0, 0], padHigh: [0, 0] };
      const [images, slopes] = [x, dy].map((value) => b.permute(value, [1, 0, 2, 3]));
      const dw = b.permute(b.emit('conv', [images, slopes], { ...plain, ...none }), [1, 0, 2, 3]);
      b.output('dw', dw);
      b.output('next', b.binary('sub', w, b.binary('mul', dw, b.full(dw, 0.1))));
    });
    await expectSameBits(net, { gpus: [gpu], variants: ['optimised', 'software', 'separate'] });
  });
});
