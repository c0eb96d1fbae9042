/** Register-tiled contractions, with epilogues, and with more terms than one block has. */
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { DType } from '../../base/dtype.js';
import type { GraphValue } from '../../ir/builder.js';
import type { OpAttrs } from '../../ir/ops.js';
import type { Template, TemplateBuilder } from './template.js';

const MATRICES: OpAttrs['dot'] = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
const DEPTH = DOT_BLOCK + 12;

/** max(x w + bias, 0) for an x of `m` rows and a w of `n` columns. */
function layer(b: TemplateBuilder, m: number, n: number, depth: number): GraphValue {
  const y = b.emit('dot', [b.given('f32', [m, depth], 'rows'), b.holding('f32', [depth, n])], MATRICES);
  return rectified(b, b.binary('add', y, b.broadcast(b.holding('f32', [1, n]), [m, n])));
}

const rectified = (b: TemplateBuilder, x: GraphValue): GraphValue => b.binary('max', x, b.full(x, 0));

const PLAIN: OpAttrs['conv'] = {
  strides: [1, 1],
  padLow: [0, 0],
  padHigh: [0, 0],
  lhsDilation: [1, 1],
  rhsDilation: [1, 1],
  groups: 1,
};

interface Filters {
  readonly x: readonly [number, number, number, number];
  readonly w: readonly [number, number, number, number];
  readonly attrs?: Partial<OpAttrs['conv']>;
}

const convolution = (b: TemplateBuilder, { x, w, attrs }: Filters, dtype: DType = 'f32'): GraphValue =>
  b.emit('conv', [b.given(dtype, x, 'rows'), b.holding(dtype, w)], { ...PLAIN, ...attrs });

export const CONTRACTIONS: readonly Template[] = [
  {
    // Two of one form are one kernel, which reads its sizes from a uniform: so are most of a network's.
    name: 'matrix products',
    quick: true,
    define: (b) => {
      b.output('product, bias, relu', layer(b, 12, 9, DEPTH));
      b.output('another by the same kernel', layer(b, 11, 10, 20));
    },
  },
  {
    name: 'convolutions',
    quick: true,
    define: (b) => {
      const y = convolution(b, {
        x: [3, 8, 5, 6],
        w: [4, 8, 3, 3],
        attrs: { padLow: [1, 1], padHigh: [1, 1] },
      });
      b.output('convolution with pads, residual, relu', rectified(b, b.binary('add', y, b.given('f32', [3, 4, 5, 6], 'ordinary')))); // prettier-ignore
    },
  },
  {
    name: 'more products',
    quick: false,
    define: (b) => {
      const attention: OpAttrs['dot'] = { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [2] };
      b.output('batch of products', b.emit('dot', [b.given('f32', [3, 10, DEPTH], 'rows'), b.given('f32', [3, 9, DEPTH], 'ordinary')], attention)); // prettier-ignore
      b.output('alone', layer(b, 9, 1, 3));
      const both = layer(b, 5, 12, DEPTH);
      const column = (at: number): GraphValue => b.emit('slice', [both], { starts: [0, at], sizes: [5, 6], strides: [1, 1] }); // prettier-ignore
      b.output('columns of units', b.binary('mul', column(0), b.unary('sigmoid', column(6))));
      b.output('f16', b.emit('dot', [b.given('f16', [9, DEPTH], 'rows'), b.holding('f16', [DEPTH, 4])], MATRICES)); // prettier-ignore
      b.output('i32', b.emit('dot', [b.given('i32', [5, 30]), b.holding('i32', [30, 6], 'hostile')], MATRICES)); // prettier-ignore
    },
  },
  {
    // As the passes make them of contractions of few results, whose blocks are summed side by side.
    name: 'sums of blocks',
    quick: false,
    define: (b) => {
      const depth = 2 * DOT_BLOCK + 5;
      const operands = [b.given('f32', [3, depth], 'rows'), b.holding('f32', [depth, 2])];
      b.output('product', b.emit('splitKDot', operands, MATRICES));
      b.output('convolution', b.emit('splitKConv', [b.given('f32', [2, 40, 4, 4], 'rows'), b.holding('f32', [2, 40, 3, 3])], PLAIN)); // prettier-ignore
    },
  },
  {
    name: 'more convolutions',
    quick: false,
    define: (b) => {
      const wide: Partial<OpAttrs['conv']> = {
        strides: [2, 1],
        rhsDilation: [1, 2],
        padLow: [1, 2],
        padHigh: [0, 2],
      };
      b.output('strides, dilations, groups', convolution(b, { x: [4, 32, 5, 6], w: [16, 16, 3, 3], attrs: { ...wide, groups: 2 } })); // prettier-ignore
      b.output('pointwise', convolution(b, { x: [3, DEPTH, 5, 3], w: [9, DEPTH, 1, 1] }));
      b.output('depthwise', convolution(b, { x: [4, 6, 5, 5], w: [6, 1, 3, 3], attrs: { groups: 6 } }));
      // Holes between the elements of x: an invocation for each result.
      b.output('transposed', convolution(b, { x: [2, 3, 5, 6], w: [4, 3, 3, 3], attrs: { lhsDilation: [2, 2], padLow: [2, 2], padHigh: [2, 2] } })); // prettier-ignore
      b.output('f16', convolution(b, { x: [2, 8, 6, 6], w: [4, 8, 3, 3] }, 'f16'));
    },
  },
];
