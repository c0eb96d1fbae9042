/** 64-bit elements for tests: hostile ones, and functions of words computed by a program. */
import { words } from '../../support/tensors.js';
import { interpret } from '../../../src/interpreter/index.js';
import { GraphBuilder } from '../../../src/ir/builder.js';
import type { Value } from '../../../src/ir/emitter.js';
import type { Program } from '../../../src/ir/graph.js';
import type { Tensors } from '../../../src/runtime/inputs.js';
import type { Words } from '../../../src/compose/wide/words.js';

export const bitsOf = (x: number): bigint => new BigUint64Array(Float64Array.of(x).buffer)[0];
export const doubleOf = (bits: bigint): number => new Float64Array(BigUint64Array.of(bits).buffer)[0];

/** Patterns at which integers, doubles and their conversions turn. */
const EDGES: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n],
  ...[2n ** 52n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
  ...[0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 1 / 3, 1e200, -1e200, 1e-200, 5e-324, -5e-324].map(
    bitsOf,
  ),
  ...[2.2250738585072014e-308, 2.225073858507201e-308, Number.MAX_VALUE, -Number.MAX_VALUE].map(bitsOf),
  ...[Infinity, -Infinity, NaN, 2 ** 31, -(2 ** 31), 2 ** 63, -(2 ** 63), 2 ** 64, 4503599627370495.5].map(
    bitsOf,
  ),
  ...[9007199254740991, 1e19, 16777217, 3.4028235677973366e38, 1e-45, 7e-46, 1.1754943508222875e-38].map(
    bitsOf,
  ),
];

/** `count` patterns: the edges, neighbours of theirs, and random ones of all exponents. */
export function patterns(seed: number, count: number): bigint[] {
  let state = seed | 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const random = (): bigint => (BigInt(next()) << 32n) | BigInt(next());
  return Array.from({ length: count }, (_, i) => {
    const edge = EDGES[next() % EDGES.length];
    switch (i % 4) {
      case 0:
        return edge;
      case 1:
        return BigInt.asUintN(64, edge + BigInt(next() % 5) - 2n);
      case 2:
        return random();
      default:
        // Doubles near 1, whose sums cancel, and small integers.
        return next() % 2 === 0 ? bitsOf(doubleOf(random() & 0x800fffffffffffffn | 0x3ff0000000000000n) * 2 ** (next() % 60 - 30)) : BigInt.asUintN(64, BigInt(next() | 0) >> BigInt(next() % 32)); // prettier-ignore
    }
  });
}

type Patterns = readonly (readonly bigint[])[];

/** A program of words, given their patterns: its params and inputs. */
export function wordsProgram(
  operands: Patterns,
  f: (b: GraphBuilder, ...operands: Words[]) => Readonly<Record<string, Value>>,
): { readonly program: Program; readonly inputs: Tensors } {
  const b = new GraphBuilder('words');
  const inputs: Record<string, Tensors[string]> = {};
  const given = operands.map((list, i): Words => {
    const param = (part: 'lo' | 'hi', shift: bigint): Value => {
      const name = `${part}${i}`;
      inputs[name] = words('u32', [list.length], list.map((x) => Number((x >> shift) & 0xffffffffn))); // prettier-ignore
      return b.param(name, 'u32', [list.length]);
    };
    return { lo: param('lo', 0n), hi: param('hi', 32n) };
  });
  for (const [name, value] of Object.entries(f(b, ...given))) b.output(name, value);
  return { program: { graph: b.build(), weights: new Map() }, inputs };
}

/** What an operation on words gives, as patterns. */
export function evaluateWords(
  operands: Patterns,
  f: (b: GraphBuilder, ...operands: Words[]) => Words,
): bigint[] {
  const { program, inputs } = wordsProgram(operands, (b, ...given) => ({ ...f(b, ...given) }));
  const { lo, hi } = interpret(program, inputs).outputs;
  return Array.from(lo.data, (low, i) => (BigInt(hi.data[i]) << 32n) | BigInt(low));
}

/** What an operation on words gives that has elements of 32 bits, as numbers. */
export function evaluateNumbers(
  operands: Patterns,
  f: (b: GraphBuilder, ...operands: Words[]) => Value,
): number[] {
  const { program, inputs } = wordsProgram(operands, (b, ...given) => ({ result: f(b, ...given) }));
  return Array.from(interpret(program, inputs).outputs.result.data);
}
