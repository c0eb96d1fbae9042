/**
 * Reductions along rows: of short ones by one invocation, of long ones by a workgroup (or by one invocation, on a software
 * GPU, where there are many), of very long ones in two stages.
 */
import { REDUCE_CHUNK } from '../../ir/accumulation.js';
import { layerNorm } from '../../compose/normalize.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../../passes/target.js';
import { softmax } from '../../compose/softmax.js';
import type { Template } from './template.js';

const LONG = 300;
const SHORT = DEFAULT_TARGET.shortRow - 7;
const MANY = SOFTWARE_TARGET.rowsAlone + 2;
/** Blocks of this length, repeated, make the longest row from few operands. */
const REPEATED = 256;

export const ROWS: readonly Template[] = [
  {
    name: 'long rows',
    quick: true,
    define: (b) => b.output('softmax', softmax(b, b.given('f32', [8, LONG], 'rows'), 1)),
  },
  {
    name: 'short rows',
    quick: true,
    define: (b) => {
      const [scale, bias] = [b.holding('f32', [SHORT]), b.holding('f32', [SHORT])];
      b.output('layer norm', layerNorm(b, b.given('f32', [32, SHORT], 'rows'), 1, scale, bias).result);
    },
  },
  {
    name: 'many rows',
    quick: true,
    define: (b) => b.output('softmax', softmax(b, b.given('f32', [MANY, 70], 'rows'), 1)),
  },
  {
    name: 'very long rows',
    quick: false,
    define: (b) => {
      const blocks = REDUCE_CHUNK / REPEATED + 2;
      const x = b.broadcast(b.reshape(b.given('f32', [4, REPEATED], 'rows'), [4, 1, REPEATED]), [4, blocks, REPEATED]); // prettier-ignore
      b.output('sum in two stages', b.reduce('sum', x, [1, 2]));
    },
  },
  {
    name: 'more rows',
    quick: false,
    define: (b) => {
      const x = b.given('f32', [8, LONG], 'rows');
      b.output('layer norm', layerNorm(b, x, 1, b.holding('f32', [LONG]), undefined).result);
      b.output('softmax of short rows', softmax(b, b.given('f32', [32, SHORT], 'rows'), 1));
      b.output('product', b.reduce('prod', b.given('f32', [40, 5], 'ordinary'), [0]));
      b.output('sum of f16', b.reduce('sum', b.given('f16', [8, LONG], 'rows'), [1]));
      b.output('sum of i32', b.reduce('sum', b.given('i32', [4, LONG]), [1]));
      b.output('any', b.reduce('max', b.given('bool', [4, LONG]), [1]));
    },
  },
];
