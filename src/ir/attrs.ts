/** What kind of value each attribute of each op has, for reading graphs from text. */
import { dtype } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { listOf, required, type Kind } from '../base/kinds.js';
import { nearestName } from '../base/nearest.js';
import { isAnyNumber, isListOf } from '../base/values.js';
import { SymDim } from './dim.js';
import { OPS, REDUCERS, SCATTER_KINDS, type Op, type OpAttrs } from './ops.js';

/**
 * `type`: the result type tells it. `numbers`: a list, which may be empty. A list of words: one of them. `optional`: one of
 * these words, or nothing.
 */
export type AttrKind =
  | 'type'
  | 'number'
  | 'numbers'
  | 'string'
  | 'boolean'
  | readonly string[]
  | { readonly optional: readonly string[] };

type Kinds<K extends Op> = { readonly [A in keyof OpAttrs[K]]-?: AttrKind };

const EXTREMES = ['max', 'min'] as const;
const BLOCKS = { optional: ['separate'] } as const;

/** Ops that are not listed have no attributes. */
export const ATTR_KINDS: { readonly [K in Op as keyof OpAttrs[K] extends never ? never : K]: Kinds<K> } = {
  param: { name: 'string', dtype: 'type', shape: 'type' },
  weight: { id: 'string', dtype: 'type', shape: 'type' },
  constant: { values: 'numbers', dtype: 'type', shape: 'type' },
  iota: { axis: 'number', dtype: 'type', shape: 'type' },
  random: { shape: 'type' },
  cast: { dtype: 'type' },
  bitcast: { dtype: 'type' },
  reshape: { shape: 'type' },
  permute: { permutation: 'numbers' },
  broadcast: { shape: 'type' },
  slice: { starts: 'numbers', sizes: 'type', strides: 'numbers' },
  pad: { low: 'numbers', high: 'numbers', interior: 'numbers', value: 'number' },
  concat: { axis: 'number' },
  reverse: { axes: 'numbers' },
  reduce: { kind: REDUCERS, axes: 'numbers' },
  argreduce: { kind: EXTREMES, axis: 'number' },
  reduceWindow: {
    kind: REDUCERS,
    window: 'numbers',
    strides: 'numbers',
    dilations: 'numbers',
    padLow: 'numbers',
    padHigh: 'numbers',
  },
  scan: { kind: REDUCERS, axis: 'number', exclusive: 'boolean', reverse: 'boolean' },
  dot: {
    lhsBatch: 'numbers',
    rhsBatch: 'numbers',
    lhsContract: 'numbers',
    rhsContract: 'numbers',
    blocks: BLOCKS,
  },
  conv: {
    strides: 'numbers',
    padLow: 'numbers',
    padHigh: 'numbers',
    lhsDilation: 'numbers',
    rhsDilation: 'numbers',
    groups: 'number',
    blocks: BLOCKS,
  },
  gather: { axis: 'number' },
  scatter: { kind: SCATTER_KINDS },
  argsort: { axis: 'number', descending: 'boolean' },
};

/** What the attributes are that the result type tells. */
const TYPE_ATTRS: Readonly<Record<string, Kind>> = {
  dtype,
  shape: dims(),
  sizes: dims(),
};

function dims(): Kind {
  const isDim = (dim: unknown): boolean => typeof dim === 'number' || dim instanceof SymDim;
  return required(listOf('extents', isDim));
}

/** Throws IR_INVALID unless `op` is one, and USAGE unless `attrs` has its attributes, each of its kind. */
export function checkAttrs(op: Op, attrs: unknown): void {
  const ops: readonly string[] = OPS;
  if (!ops.includes(op))
    throw new HeddleError('IR_INVALID', 'there is no such op', {
      found: describeValue(op),
      expected: `one of ${ops.join(', ')}`,
      hint: meaning(op),
    });
  if (typeof attrs !== 'object' || attrs === null)
    throw new HeddleError('USAGE', 'the attributes of an op are an object', { where: op, found: describeValue(attrs) }); // prettier-ignore
  for (const [name, own] of Object.entries(attrKinds(op))) {
    const value = (attrs as Readonly<Record<string, unknown>>)[name];
    const fits = own === 'type' ? TYPE_ATTRS[name].accepts(value) : isOfKind(own, value);
    if (!fits)
      throw new HeddleError('USAGE', 'an attribute has a wrong value', {
        where: op,
        found: `${name}: ${describeValue(value)}`,
        expected: own === 'type' ? TYPE_ATTRS[name].expected : describeKind(own),
      });
  }
}

/** What other libraries call some ops. */
const FOREIGN: Readonly<Record<string, Op>> = {
  plus: 'add', minus: 'sub', subtract: 'sub', times: 'mul', multiply: 'mul', divide: 'div', mod: 'rem', maximum: 'max',
  minimum: 'min', equal: 'eq', less: 'lt', lessEqual: 'le', where: 'select', transpose: 'permute', matmul: 'dot',
}; // prettier-ignore

function meaning(op: unknown): string | undefined {
  if (typeof op !== 'string') return undefined;
  const near = Object.hasOwn(FOREIGN, op) ? FOREIGN[op] : nearestName(op, OPS);
  return near === undefined ? undefined : `did you mean ${near}?`;
}

/** The attributes of an op, by name. */
export const attrKinds = (op: Op): Readonly<Record<string, AttrKind>> =>
  (ATTR_KINDS as { readonly [K in Op]?: Readonly<Record<string, AttrKind>> })[op] ?? {};

/** Whether `value`, as read from text, is of `kind`. */
export function isOfKind(kind: AttrKind, value: unknown): boolean {
  if (kind === 'type') return true;
  if (kind === 'numbers') return isListOf(value, isAnyNumber);
  if (typeof kind === 'string') return typeof value === kind;
  if ('optional' in kind) return value === undefined || isOfKind(kind.optional, value);
  return typeof value === 'string' && kind.includes(value);
}

export function describeKind(kind: AttrKind): string {
  if (kind === 'numbers') return 'a list of numbers';
  if (typeof kind === 'string') return `a ${kind}`;
  return `one of ${('optional' in kind ? kind.optional : kind).join(', ')}`;
}
