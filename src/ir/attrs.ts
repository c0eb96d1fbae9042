/** Attributes of ops, checked: those of graphs from outside. */
import { dtype } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { listOf, required } from '../base/kinds.js';
import { nearestName } from '../base/nearest.js';
import { isAnyNumber, isListOf } from '../base/values.js';
import { isGraph } from './check-program.js';
import { SymDim } from './dim.js';
import { attrKinds, attrNames, isOp, OPS, type AttrKind, type Op } from './ops.js';

/** Throws IR_INVALID unless `op` is one, and USAGE unless `attrs` has its attributes, each of its kind. */
export function checkAttrs(op: Op, attrs: unknown): void {
  const given: unknown = op;
  if (typeof given !== 'string' || !isOp(given))
    throw new HeddleError('IR_INVALID', 'unknown op', {
      found: describeValue(op),
      expected: `one of ${OPS.join(', ')}`,
      hint: meaning(op),
    });
  if (typeof attrs !== 'object' || attrs === null)
    throw new HeddleError('USAGE', 'the attributes of an op are an object', { where: op, found: describeValue(attrs) }); // prettier-ignore
  for (const name of attrNames(op)) {
    const own = attrKinds(op)[name];
    const value = (attrs as Readonly<Record<string, unknown>>)[name];
    if (!isOfKind(own, value))
      throw new HeddleError('USAGE', 'an attribute has a wrong value', {
        where: op,
        found: `${name}: ${describeValue(value)}`,
        expected: describeKind(own),
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

/** Whether the result type tells an attribute of this kind. */
export const isOfType = (kind: AttrKind): kind is 'dtype' | 'shape' => kind === 'dtype' || kind === 'shape';

const isDim = (dim: unknown): boolean => typeof dim === 'number' || dim instanceof SymDim;
const TYPE_KINDS = { dtype, shape: required(listOf('extents', isDim)) } as const;

/** Whether `value` is of `kind`. */
export function isOfKind(kind: AttrKind, value: unknown): boolean {
  if (isOfType(kind)) return TYPE_KINDS[kind].accepts(value);
  if (kind === 'numbers') return isListOf(value, isAnyNumber);
  if (kind === 'dim') return isDim(value);
  if (kind === 'graph') return isGraph(value);
  if (kind === 'graphs') return isListOf(value, isGraph);
  if (typeof kind === 'string') return typeof value === kind;
  return typeof value === 'string' && kind.includes(value);
}

export function describeKind(kind: AttrKind): string {
  if (isOfType(kind)) return TYPE_KINDS[kind].expected;
  if (kind === 'numbers') return 'a list of numbers';
  if (kind === 'dim') return 'a number or a symbolic dimension';
  if (kind === 'graphs') return 'a list of graphs';
  if (typeof kind === 'string') return `a ${kind}`;
  return `one of ${kind.join(', ')}`;
}
