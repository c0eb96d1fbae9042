/** What loops and branches of traced programs refuse: with a code, both sides and the place. */
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/errors.js';
import {
  cond,
  foriLoop,
  grad,
  HeddleError,
  jit,
  jvp,
  nn,
  ones,
  scan,
  switchCase,
  tensor,
  whileLoop,
  zeros,
  type Tensor,
} from '../../src/index.js';

const i32 = { dtype: 'i32' } as const;
const keep = (carry: Tensor, x: Tensor): [Tensor, Tensor] => [carry, x];
const alone = (carry: Tensor): [Tensor, null] => [carry, null];
const isSmall = (x: Tensor): Tensor => x.less(3);
const grown = (x: Tensor): Tensor => x.add(1);
const endless = (x: Tensor): Tensor => whileLoop(isSmall, grown, x).state;

interface Refusal {
  readonly code: ErrorCode;
  readonly where: RegExp;
  readonly found: string;
  readonly expected: RegExp | string;
}

type Row = readonly [what: string, call: () => unknown, refusal: Refusal];
const here = (name: string): RegExp => new RegExp(`^${name}, called at .*loops-refused`);

const CARRIES: readonly Row[] = [
  ['of another dtype', () => scan((c: Tensor, x: Tensor) => [c.cast('i32'), x], ones([]), ones([3])), { code: 'SHAPE_MISMATCH', where: here('scan, carry'), found: 'i32[]', expected: 'f32[]' }],
  ['of another shape', () => scan((c: Tensor, x: Tensor) => [c.add(x), x], ones([]), ones([3, 2])), { code: 'SHAPE_MISMATCH', where: here('scan, carry'), found: 'f32[2]', expected: 'f32[]' }],
  ['of another dtype, in chunks', () => scan((c: Tensor, x: Tensor) => [c.cast('i32'), x], ones([]), ones([9]), { checkpoint: true }), { code: 'SHAPE_MISMATCH', where: here('scan, carry'), found: 'i32[]', expected: 'f32[]' }],
  ['of another structure', () => scan(({ a }: { a: Tensor; b?: Tensor }, x: Tensor) => [{ a }, x], { a: ones([]), b: ones([]) }, ones([3])), { code: 'TREE_MISMATCH', where: here('scan, carry'), found: 'an object with a', expected: 'an object with a, b' }],
  ['of a while', () => whileLoop((x) => x.sum().less(3), (x) => x.sum(), zeros([3])), { code: 'SHAPE_MISMATCH', where: here('whileLoop, state'), found: 'f32[]', expected: 'f32[3]' }],
  ['of a counted loop', () => foriLoop(0, 3, (_, x) => x.sum(), zeros([2])), { code: 'SHAPE_MISMATCH', where: here('foriLoop, state'), found: 'f32[]', expected: 'f32[2]' }],
]; // prettier-ignore

const COUNTS: readonly Row[] = [
  ['elements of two lengths', () => scan((c: Tensor, [x]: Tensor[]) => [c, x], ones([]), [ones([3]), ones([4])]), { code: 'SHAPE_MISMATCH', where: here('scan'), found: 'f32[3], f32[4]', expected: 'an extent of one number along axis 0' }],
  ['elements of another length than the one that is given', () => scan(keep, ones([]), ones([3]), { length: 4 }), { code: 'SHAPE_MISMATCH', where: here('scan'), found: 'f32[3]', expected: 'an extent of 4 along axis 0' }],
  ['elements that are none', () => scan(keep, ones([]), ones([])), { code: 'SHAPE_MISMATCH', where: here('scan'), found: 'f32[]', expected: /along axis 0/ }],
  ['nothing that says how many', () => scan(alone, ones([]), null), { code: 'SHAPE_MISMATCH', where: here('scan'), found: 'no tensors', expected: /along axis 0/ }],
  ['a length of -1', () => scan(alone, ones([]), null, { length: -1 }), { code: 'ATTRIBUTE_INVALID', where: here('scan'), found: '-1', expected: 'an integer from 0' }],
  ['a length of 1.5', () => scan(alone, ones([]), null, { length: 1.5 }), { code: 'USAGE', where: here('scan'), found: 'length: 1.5', expected: 'length: an integer' }],
  ['a length beyond all', () => scan(alone, ones([]), null, { length: 2 ** 21 }), { code: 'LIMIT_EXCEEDED', where: here('scan'), found: '2097152 rounds', expected: 'at most 1048576' }],
  ['a bound of -1', () => whileLoop(isSmall, grown, zeros([]), { maxRounds: -1 }), { code: 'ATTRIBUTE_INVALID', where: here('whileLoop'), found: '-1', expected: 'an integer from 0' }],
  ['a bound of 1.5', () => whileLoop(isSmall, grown, zeros([]), { maxRounds: 1.5 }), { code: 'ATTRIBUTE_INVALID', where: here('whileLoop'), found: '1.5', expected: 'an integer from 0' }],
  ['a bound beyond all', () => whileLoop(isSmall, grown, zeros([]), { maxRounds: 2 ** 21 }), { code: 'LIMIT_EXCEEDED', where: here('whileLoop'), found: '2097152 rounds', expected: 'at most 1048576' }],
  ['an end of 1.5', () => foriLoop(0, 1.5, (_, x) => x, zeros([])), { code: 'ATTRIBUTE_INVALID', where: here('foriLoop'), found: '1.5', expected: /i32/ }],
  ['an end of f32', () => foriLoop(0, ones([]), (_, x) => x, zeros([])), { code: 'DTYPE_MISMATCH', where: here('foriLoop'), found: 'f32[]', expected: 'i32[]' }],
  ['an end of two elements', () => foriLoop(0, zeros([2], i32), (_, x) => x, zeros([])), { code: 'DTYPE_MISMATCH', where: here('foriLoop'), found: 'i32[2]', expected: 'i32[]' }],
  ['more rounds than maxRounds', () => foriLoop(0, 3, (_, x) => x, zeros([]), { maxRounds: 2 }), { code: 'LIMIT_EXCEEDED', where: here('foriLoop'), found: '3 rounds', expected: 'at most 2' }],
  ['lengths of another batch', () => new nn.LSTM(3, 4, { key: 1 }).call(zeros([2, 5, 3]), { lengths: tensor([5, 1, 2], i32) }), { code: 'SHAPE_MISMATCH', where: here('LSTM\\(3, 4\\)'), found: 'i32[3]', expected: 'lengths i32[2]' }],
]; // prettier-ignore

const CONDITIONS: readonly Row[] = [
  ['a condition of f32', () => whileLoop((x) => x, grown, zeros([])), { code: 'DTYPE_MISMATCH', where: here('whileLoop'), found: 'f32[]', expected: 'bool[]' }],
  ['a condition of two elements', () => whileLoop(isSmall, grown, zeros([2])), { code: 'DTYPE_MISMATCH', where: here('whileLoop'), found: 'bool[2]', expected: 'bool[]' }],
  ['a predicate of f32', () => cond(ones([]), () => ones([]), () => ones([])), { code: 'DTYPE_MISMATCH', where: here('cond'), found: 'f32[]', expected: 'bool[]' }],
  ['an index of f32', () => switchCase(ones([]), [() => ones([])]), { code: 'DTYPE_MISMATCH', where: here('switchCase'), found: 'f32[]', expected: 'i32[]' }],
  ['branches of two types', () => cond(tensor(true), () => ones([]), () => ones([2])), { code: 'SHAPE_MISMATCH', where: here('cond'), found: 'f32[2]', expected: 'f32[]' }],
  ['branches of two structures', () => cond<[], unknown>(tensor(true), () => [ones([])], () => ones([])), { code: 'TREE_MISMATCH', where: here('cond, the whole'), found: 'a tensor', expected: 'a list of 1' }],
]; // prettier-ignore

const BACKWARD: readonly Row[] = [
  ['grad', () => grad(endless)(ones([])), { code: 'GRAD_INVALID', where: here('grad\\(endless\\)'), found: 'a number of trips that only its condition bounds', expected: /a bound/ }],
  ['grad, in a program', () => jit(grad(endless))(ones([])), { code: 'GRAD_INVALID', where: here('grad\\(endless\\)'), found: 'a number of trips that only its condition bounds', expected: /a bound/ }],
  ['jvp', () => jvp(endless, [ones([])], [ones([])]), { code: 'GRAD_INVALID', where: here('jvp\\(endless\\)'), found: 'a number of trips that only its condition bounds', expected: /a bound/ }],
  ['grad of a loop whose end is computed', () => grad((x: Tensor) => foriLoop(0, tensor(3, i32), (_, y: Tensor) => y.mul(y), x))(ones([])), { code: 'GRAD_INVALID', where: here('grad\\(f\\)'), found: 'a number of trips that only its condition bounds', expected: /a bound/ }],
]; // prettier-ignore

const all = { 'a carry': CARRIES, 'rounds': COUNTS, 'a choice': CONDITIONS, 'no bound, and backwards': BACKWARD }; // prettier-ignore
describe.each(Object.entries(all))('%s', (_, rows) => {
  test.each(rows)('%s', (__, call, { code, where, found, expected }) => {
    let error: HeddleError | undefined;
    try {
      call();
    } catch (thrown) {
      if (!(thrown instanceof HeddleError)) throw thrown;
      error = thrown;
    }
    expect(error).toMatchObject({ code, found });
    expect(error?.where).toMatch(where);
    if (typeof expected === 'string') expect(error?.expected).toBe(expected);
    else expect(error?.expected).toMatch(expected);
  });
});
