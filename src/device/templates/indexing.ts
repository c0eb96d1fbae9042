/** Movement, windows, indexing by data, scans, sorts and random numbers. */
import { SCAN_BLOCK } from '../../ir/accumulation.js';
import type { OpAttrs } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import type { Template } from './template.js';

const LONG_SCAN = SCAN_BLOCK + 44;
const FORWARD = { exclusive: false, reverse: false } as const;
const BACKWARD = { exclusive: true, reverse: true } as const;

const WINDOW: Omit<OpAttrs['reduceWindow'], 'kind'> = {
  window: [3, 3],
  strides: [2, 1],
  dilations: [1, 2],
  padLow: [1, 2],
  padHigh: [1, 2],
};

export const INDEXING: readonly Template[] = [
  {
    name: 'in order',
    quick: true,
    define: (b) => {
      const x = b.given('f32', [4, LONG_SCAN], 'rows');
      b.output('running sum', b.emit('scan', [x], { kind: 'sum', axis: 1, ...FORWARD }));
      b.output(
        'places when sorted',
        b.emit('argsort', [b.given('f32', [3, 50])], { axis: 1, descending: false }),
      );
    },
  },
  {
    name: 'more in order',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [LONG_SCAN, 3], 'ordinary');
      b.output('running product', b.emit('scan', [x], { kind: 'prod', axis: 0, ...BACKWARD }));
      const i = b.given('i32', [4, 40]);
      b.output('running maximum', b.emit('scan', [i], { kind: 'max', axis: 1, ...FORWARD }));
      b.output('places of integers', b.emit('argsort', [i], { axis: 1, descending: true }));
      const y = b.given('f32', [9, 50]);
      b.output('place of the maximum', b.emit('argreduce', [y], { kind: 'max', axis: 1 }));
      b.output('place of the minimum', b.emit('argreduce', [y], { kind: 'min', axis: 0 }));
    },
  },
  {
    name: 'windows',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [9, 20], 'rows');
      b.output('sums', b.emit('reduceWindow', [x], { ...WINDOW, kind: 'sum' }));
      b.output('maxima', b.emit('reduceWindow', [x], { ...WINDOW, kind: 'max' }));
    },
  },
  {
    name: 'indexing',
    quick: false,
    define: (b) => {
      // Many of the indices are out of range, others are the same.
      const [at, indices] = [b.given('i32', [20], 'ordinary'), b.given('i32', [4, 6])];
      const [x, updates] = [b.given('f32', [7, 5]), b.given('f32', [20, 5], 'ordinary')];
      for (const kind of ['set', 'add'] as const)
        b.output(`scatter, ${kind}`, b.emit('scatter', [x, at, updates], { kind }));
      const start = b.given('i32', [], 'ordinary');
      b.output('update', b.emit('updateSlice', [x, b.given('f32', [7, 2]), start], { axis: 1 }));
      b.output('gather', b.emit('gather', [x, indices], { axis: 0 }));
      b.output('random', b.emit('random', [b.given('u32', [2])], { shape: [130] }));
    },
  },
  {
    name: 'movement',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [6, 10]);
      const turned = b.permute(b.emit('reverse', [x], { axes: [0] }), [1, 0]);
      const part = b.emit('slice', [turned], { starts: [1, 0], sizes: [3, 6], strides: [3, 1] });
      const joined = b.emit('concat', [turned, part], { axis: 0 });
      const padded = b.emit('pad', [joined], { low: [1, 0], high: [0, 2], interior: [0, 1], value: -0 });
      const [rows, columns] = staticShape(padded.type.shape);
      const position = b.emit('iota', [], { dtype: 'i32', shape: [rows, columns], axis: 1 });
      const limits = b.broadcast(b.given('i32', [rows, 1], 'ordinary'), [rows, columns]);
      const fill = b.constant('f32', [rows, columns], 1.5);
      b.output('moved', b.select(b.binary('le', limits, position), padded, fill));
      const kept = b.emit('copy', [b.emit('fence', [b.unary('exp', padded)], {})], {});
      b.output('behind a fence', b.binary('add', kept, padded));
    },
  },
];
