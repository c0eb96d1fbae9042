/**
 * Identities of scalar ops, as tables. Integers obey the algebra that one expects, modulo 2^32; floats obey very little
 * of it: `x + 0` turns -0 into +0, `x * 0` may be NaN, and on a device that flushes subnormals even `x * 1` changes
 * numbers, unless they went through arithmetic before.
 */
import { isFloat, type DType } from '../../../base/dtype.js';
import type { GraphValue } from '../../../ir/builder.js';
import type { Node } from '../../../ir/graph.js';
import type { BinaryOp, CompareOp } from '../../../ir/ops.js';
import { IDENTITIES } from '../../../interpreter/fold.js';
import { literal } from '../../../interpreter/lanes.js';
import { isFlushed } from '../facts.js';
import { rule, type RewriteContext } from '../rule.js';

type PairOp = BinaryOp | CompareOp;

/** A literal as it depends on the dtype. */
type Literal = number | ((dtype: DType) => number);
const ones: Literal = (dtype) => (dtype === 'bool' ? 1 : literal(dtype, -1));
const lowest: Literal = (dtype) => IDENTITIES[dtype].max;
const highest: Literal = (dtype) => IDENTITIES[dtype].min;

/** `x op right` is x itself, or the number on the right, or 0. */
interface Identity {
  readonly op: BinaryOp;
  readonly right: Literal;
  readonly gives: 'x' | 'right' | 'zero';
}

/** For integers and bool. Division by zero is defined: x / 0 = x, x rem 0 = 0. */
const WHOLE_IDENTITIES: readonly Identity[] = [
  { op: 'add', right: 0, gives: 'x' },
  { op: 'sub', right: 0, gives: 'x' },
  { op: 'mul', right: 1, gives: 'x' },
  { op: 'mul', right: 0, gives: 'zero' },
  { op: 'div', right: 1, gives: 'x' },
  { op: 'div', right: 0, gives: 'x' },
  { op: 'rem', right: 1, gives: 'zero' },
  { op: 'rem', right: 0, gives: 'zero' },
  { op: 'and', right: 0, gives: 'zero' },
  { op: 'and', right: ones, gives: 'x' },
  { op: 'or', right: 0, gives: 'x' },
  { op: 'or', right: ones, gives: 'right' },
  { op: 'xor', right: 0, gives: 'x' },
  { op: 'shl', right: 0, gives: 'x' },
  { op: 'shr', right: 0, gives: 'x' },
  { op: 'min', right: lowest, gives: 'right' },
  { op: 'min', right: highest, gives: 'x' },
  { op: 'max', right: lowest, gives: 'x' },
  { op: 'max', right: highest, gives: 'right' },
];

/** For all floats: min and max only pick one of two patterns, and NaN stays NaN. */
const FLOAT_IDENTITIES: readonly Identity[] = [
  { op: 'min', right: Infinity, gives: 'x' },
  { op: 'max', right: -Infinity, gives: 'x' },
];

/** For floats that no device would flush. -0 is the neutral element of addition. */
const FLUSHED_IDENTITIES: readonly Identity[] = [
  { op: 'add', right: -0, gives: 'x' },
  { op: 'sub', right: 0, gives: 'x' },
  { op: 'mul', right: 1, gives: 'x' },
  { op: 'div', right: 1, gives: 'x' },
];

const OPS_WITH_IDENTITY = [
  'add',
  'sub',
  'mul',
  'div',
  'rem',
  'and',
  'or',
  'xor',
  'shl',
  'shr',
  'min',
  'max',
] as const;

function applyIdentities(b: RewriteContext, node: Node, table: readonly Identity[]): GraphValue | undefined {
  const y = b.operand(node, 1);
  const right = b.splat(y);
  if (right === undefined) return undefined;
  const x = b.operand(node);
  const { dtype } = node.type;
  const fits = (wanted: Literal): boolean =>
    Object.is(right, literal(dtype, typeof wanted === 'number' ? wanted : wanted(dtype)));
  const found = table.find((identity) => identity.op === node.op && fits(identity.right));
  if (found === undefined) return undefined;
  return found.gives === 'x' ? x : found.gives === 'right' ? y : b.full(x, 0);
}

/** `x op x`, by op: x itself, or a number. */
const SAME_OPERAND: Readonly<
  Partial<Record<PairOp, { readonly floats: boolean; readonly gives: 'x' | number }>>
> = {
  min: { floats: true, gives: 'x' },
  max: { floats: true, gives: 'x' },
  and: { floats: false, gives: 'x' },
  or: { floats: false, gives: 'x' },
  xor: { floats: false, gives: 0 },
  sub: { floats: false, gives: 0 },
  // NaN is neither less than itself nor equal to itself.
  lt: { floats: true, gives: 0 },
  le: { floats: false, gives: 1 },
  eq: { floats: false, gives: 1 },
};
const OPS_OF_SAME = Object.keys(SAME_OPERAND) as PairOp[];

/** Bitwise commutative, the payload of a NaN aside. */
const COMMUTATIVE = ['add', 'mul', 'min', 'max', 'and', 'or', 'xor', 'eq'] as const;

const isPowerOfTwo = (x: number): boolean =>
  x !== 0 && Number.isFinite(x) && Math.abs(x) === 2 ** Math.round(Math.log2(Math.abs(x)));

export const scalarRules = {
  'operands in order': rule(
    COMMUTATIVE,
    'Constants on the right, else the older value first; so that equal nodes look equal.',
    (b, node) => {
      const [x, y] = [b.operand(node), b.operand(node, 1)];
      const [constantX, constantY] = [b.splat(x) !== undefined, b.splat(y) !== undefined];
      const swap = constantX === constantY ? x.id > y.id : constantX;
      return swap ? b.binary(node.op, y, x) : undefined;
    },
  ),

  'identity of integers': rule(
    OPS_WITH_IDENTITY,
    'x + 0, x * 0, x & -1 and the like (see the table).',
    (b, node) => (isFloat(node.type.dtype) ? undefined : applyIdentities(b, node, WHOLE_IDENTITIES)),
  ),

  'identity of floats': rule(
    OPS_WITH_IDENTITY,
    'min(x, inf), max(x, -inf); where no device would flush x also x + -0, x - 0, x * 1 and x / 1.',
    (b, node) => {
      if (!isFloat(node.type.dtype)) return undefined;
      const flushed = (): boolean => isFlushed(b, b.operand(node));
      return (
        applyIdentities(b, node, FLOAT_IDENTITIES) ??
        (flushed() ? applyIdentities(b, node, FLUSHED_IDENTITIES) : undefined)
      );
    },
  ),

  'equal operands': rule(OPS_OF_SAME, 'min(x, x), x ^ x, x < x and the like (see the table).', (b, node) => {
    const [x, y] = b.operands(node);
    const row = SAME_OPERAND[node.op];
    if (x.id !== y.id || row === undefined || (isFloat(x.type.dtype) && !row.floats)) return undefined;
    return row.gives === 'x' ? x : b.constant(node.type.dtype, node.type.shape, row.gives);
  }),

  'div by a power of two': rule(
    ['div'],
    'x / 2^k and x * 2^-k are the same number before rounding, where both powers are normal numbers.',
    (b, node) => {
      const [x, y] = b.operands(node);
      const divisor = b.splat(y);
      if (divisor === undefined || !isFloat(node.type.dtype) || !isPowerOfTwo(divisor)) return undefined;
      const { dtype } = node.type;
      const inverse = literal(dtype, 1 / divisor);
      const normal = [divisor, inverse].every((power) => isFlushed(b, b.full(x, power)));
      return normal && 1 / inverse === divisor ? b.binary('mul', x, b.full(x, inverse)) : undefined;
    },
  ),

  'min or max taken twice': rule(
    ['min', 'max'],
    'min(min(x, a), b) is min(x, min(a, b)) where a and b are numbers, and min(x, a) where they are one value.',
    (b, node) => {
      const [inner, y] = b.operands(node);
      const { op, inputs } = b.node(inner);
      if (op !== node.op) return undefined;
      const [x, z] = inputs.map((id) => b.value(id));
      if (x.id === y.id || z.id === y.id) return inner;
      const numbers = b.splat(y) !== undefined && b.splat(z) !== undefined;
      return numbers ? b.binary(op, x, b.binary(op, z, y)) : undefined;
    },
  ),

  'min or max of bools': rule(['min', 'max'], 'They are "and" and "or".', (b, node) =>
    node.type.dtype === 'bool'
      ? b.binary(node.op === 'min' ? 'and' : 'or', b.operand(node), b.operand(node, 1))
      : undefined,
  ),
};
