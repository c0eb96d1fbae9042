/** Programs of arithmetic on words, for tests on engines. */
import * as d from '../../../src/compose/wide/double.js';
import { divideIntegers, lessIntegers } from '../../../src/compose/wide/integer.js';
import { doubleOfSingle, singleOfDouble } from '../../../src/compose/wide/single.js';
import { multiplyWords, type Words } from '../../../src/compose/wide/words.js';
import type { GraphBuilder } from '../../../src/ir/builder.js';
import type { Value } from '../../../src/ir/emitter.js';

type Outputs = Readonly<Record<string, Value>>;

const named = (name: string, { lo, hi }: Words): Outputs => ({ [`${name}_lo`]: lo, [`${name}_hi`]: hi });

export const PROGRAMS: Readonly<Record<string, (b: GraphBuilder, x: Words, y: Words) => Outputs>> = {
  'sums, products and comparisons of doubles': (b, x, y) => ({
    ...named('add', d.addDoubles(b, x, y)),
    ...named('mul', d.multiplyDoubles(b, x, y)),
    ...named('max', d.extremeDouble(b, 'max', x, y)),
    less: d.compareDoubles(b, 'lt', x, y),
  }),
  'quotients and whole doubles': (b, x, y) => ({
    ...named('div', d.divideDoubles(b, x, y)),
    ...named('round', d.wholeDouble(b, x, 'round')),
    ...named('floor', d.wholeDouble(b, x, 'floor')),
  }),
  'conversions of doubles': (b, x) => ({
    ...named('again', doubleOfSingle(b, singleOfDouble(b, x))),
    ...named('whole', d.magnitudeOfDouble(b, x, 63).magnitude),
  }),
  'integers of two words': (b, x, y) => ({
    ...named('mul', multiplyWords(b, x, y)),
    ...named('div', divideIntegers(b, true, x, y).quotient),
    less: lessIntegers(b, true, x, y),
  }),
};
