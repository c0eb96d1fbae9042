import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dimAdd, dimFloorDiv, dimMul, dimSub, dimSubstitute, parseDim, symbol, type Dim } from '../../src/ir/dim.js'; // prettier-ignore
import { exactQuotient, floorQuotient, isAtMost, isLess, LEAST_SIZE, leastOf, signOf } from '../../src/ir/dim-proofs.js'; // prettier-ignore

const NAMES = ['n', 'm', 'k'] as const;

const { dim: dims } = fc.letrec<{ dim: Dim }>((tie) => ({
  dim: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(...NAMES).map((name): Dim => symbol(name)),
    fc.integer({ min: -6, max: 6 }),
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => dimAdd(a, b)),
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => dimSub(a, b)),
    fc.tuple(tie('dim'), tie('dim')).map(([a, b]) => dimMul(a, b)),
    fc.tuple(tie('dim'), fc.integer({ min: 1, max: 5 })).map(([a, by]) => dimFloorDiv(a, by)),
  ),
}));

const sizes = fc.record(
  Object.fromEntries(NAMES.map((name) => [name, fc.integer({ min: LEAST_SIZE, max: 40 })])),
);

const at = (dim: Dim, values: Record<string, number>): number => Number(dimSubstitute(dim, values));

describe('proofs about dimensions', () => {
  it.each([
    ['n', 2],
    ['3*n-5', 1],
    ['n*n-n', 2],
    ['n*m-n', 2],
    ['n-(n)//2', 1],
    ['2*(n+1)//2-n', 0],
    ['n-2*(n)//2', 0],
    ['(n+6)//2-(n+5)//2', 0],
    ['n-m', undefined],
    ['-n', undefined],
  ])('the least of %s is %s', (text, least) => {
    expect(leastOf(parseDim(text))).toBe(least);
  });

  it('has answers that hold for all sizes', () => {
    fc.assert(
      fc.property(dims, dims, fc.array(sizes, { minLength: 20, maxLength: 20 }), (a, b, all) => {
        for (const values of all) {
          const [x, y] = [at(a, values), at(b, values)];
          const least = leastOf(a);
          if (least !== undefined) expect(x).toBeGreaterThanOrEqual(least);
          if (isAtMost(a, b)) expect(x).toBeLessThanOrEqual(y);
          if (isLess(a, b)) expect(x).toBeLessThan(y);
          const sign = signOf(a);
          if (sign !== undefined) expect(Math.sign(x) === sign).toBe(true);
          const quotient = exactQuotient(a, b);
          if (quotient !== undefined) expect(at(quotient, values) * y === x).toBe(true);
          if (!isLess(0, b)) continue;
          const floor = floorQuotient(a, b);
          if (floor !== undefined) expect(at(floor, values) === Math.floor(x / y)).toBe(true);
        }
      }),
    );
  });

  it('divides what was multiplied', () => {
    fc.assert(
      fc.property(dims, dims, (a, by) => {
        if (by === 0) return;
        expect(`${exactQuotient(dimMul(a, by), by)}`).toBe(`${a}`);
      }),
    );
  });

  it('looks into a bounded number of polynomials, whatever floor quotients there are', () => {
    const quotient = (i: number): Dim => parseDim(`(a${i}+b${i})//3`);
    // Two polynomials for each quotient more in a search of all sets, that many times as many in one of all orders.
    for (const count of [9, 40]) {
      const sum = Array.from({ length: count }, (_, i) => quotient(i)).reduce(dimAdd);
      const start = process.cpuUsage().user;
      expect(leastOf(sum)).toBe(count);
      expect(leastOf(dimSub(dimSub(sum, 1000), symbol('z')))).toBeUndefined();
      expect(process.cpuUsage().user - start).toBeLessThan(5e6);
    }
    const nested = Array.from({ length: 12 }).reduce<Dim>(
      (dim, _, i) => dimFloorDiv(dimAdd(dim, symbol(`a${i}`)), 3),
      symbol('z'),
    );
    expect(leastOf(dimSub(nested, symbol('z')))).toBeUndefined();
  });

  it('takes no rounded number for a proof', () => {
    expect(leastOf(dimSub(parseDim('9007199254740993*n'), parseDim('m')))).toBeUndefined();
    expect(leastOf(dimMul(2 ** 53, symbol('n')))).toBeUndefined();
  });

  it('compares a window with what it slides over', () => {
    // A result of floor((n + 2 - 3) / 2) + 1 elements reads no element after the padding.
    const last = dimAdd(dimMul(2, parseDim('(n-1)//2')), 2);
    expect(isLess(last, parseDim('n+2'))).toBe(true);
    expect(isLess(last, parseDim('n'))).toBe(false);
  });
});
