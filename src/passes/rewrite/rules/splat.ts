/** Constants, and what is computed from constants of one number: that is done here, whatever the shape. */
import { HeddleError } from '../../../base/errors.js';
import type { GraphValue } from '../../../ir/builder.js';
import type { Node } from '../../../ir/graph.js';
import { BINARY_OPS, COMPARE_OPS, UNARY_OPS } from '../../../ir/ops.js';
import { evaluateOnAnyDevice, numbersOf } from '../evaluate.js';
import { literal } from '../../../interpreter/lanes.js';
import { rule, type RewriteContext } from '../rule.js';

const SCALAR_OPS = [...UNARY_OPS, ...BINARY_OPS, ...COMPARE_OPS, 'cast', 'bitcast', 'select'] as const;

/** The values of a constant as its dtype has them, one where all are the same. */
function normalValues(node: Node<'constant'>): readonly number[] {
  const values = node.attrs.values.map((value) => literal(node.type.dtype, value));
  if (values.length === 0) return [0];
  return values.every((value) => Object.is(value, values[0])) ? [values[0]] : values;
}

/** A scalar node evaluated for one element; undefined where devices differ. */
function evaluateScalar(b: RewriteContext, node: Node, splats: readonly number[]): number | undefined {
  const operands = b.operands(node).map(({ type }, i) => {
    const attrs = { dtype: type.dtype, shape: [], values: [splats[i]] };
    const scalar: Node<'constant'> = { op: 'constant', inputs: [], attrs, type: { ...type, shape: [] } };
    const tensor = evaluateOnAnyDevice(scalar, []);
    if (tensor === undefined) throw new HeddleError('IR_INVALID', 'a constant depends on the device');
    return tensor;
  });
  const scalar = { ...node, type: { ...node.type, shape: [] } } as Node;
  const result = evaluateOnAnyDevice(scalar, operands);
  return result && numbersOf(result)[0];
}

export const splatRules = {
  'constant in normal form': rule(
    ['constant'],
    'Its values are rounded to the dtype, and one value stands for all where they are the same.',
    (b, node) => {
      const values = normalValues(node);
      const same =
        values.length === node.attrs.values.length &&
        values.every((v, i) => Object.is(v, node.attrs.values[i]));
      return same ? undefined : b.constant(node.type.dtype, node.type.shape, values);
    },
  ),

  'reshape of a constant': rule(['reshape'], 'The same values in another shape.', (b, node) => {
    const inner = b.producer(node, 'constant');
    return inner && b.constant(node.type.dtype, node.type.shape, inner.attrs.values);
  }),

  'movement of one number': rule(
    ['permute', 'broadcast', 'slice', 'reverse', 'gather'],
    'Wherever the elements come from, they are all the same.',
    (b, node) => {
      const value = b.splat(b.operand(node));
      return value === undefined ? undefined : b.constant(node.type.dtype, node.type.shape, value);
    },
  ),

  'concat of one number': rule(['concat'], 'All parts consist of the same number.', (b, node) => {
    const [first, ...rest] = b.operands(node).map((part) => b.splat(part));
    const alike = first !== undefined && rest.every((value) => Object.is(value, first));
    return alike ? b.constant(node.type.dtype, node.type.shape, first) : undefined;
  }),

  'pad of one number': rule(['pad'], 'The padding is the same number.', (b, node) => {
    const value = b.splat(b.operand(node));
    const alike = value !== undefined && Object.is(literal(node.type.dtype, node.attrs.value), value);
    return alike ? b.constant(node.type.dtype, node.type.shape, value) : undefined;
  }),

  'scalar op of numbers': rule(
    SCALAR_OPS,
    'Computed once, as the interpreter computes it, unless devices that flush subnormals compute something else.',
    (b, node): GraphValue | undefined => {
      const splats: number[] = [];
      for (const operand of b.operands(node)) {
        const value = b.splat(operand);
        if (value === undefined) return undefined;
        splats.push(value);
      }
      const result = evaluateScalar(b, node, splats);
      return result === undefined ? undefined : b.constant(node.type.dtype, node.type.shape, result);
    },
  ),
};
