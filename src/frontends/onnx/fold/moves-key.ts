/** What the result of a node that only moves elements depends on. */
import { KINDS } from '../attributes.js';
import type { NodeContext } from '../context.js';
import { ONNX_DTYPES } from '../dtype.js';
import type { HostTensor } from '../host.js';
import type { AttributeProto } from '../proto/onnx.js';
import type { Moves } from '../registry.js';

/** Elements of the operands up to which a result is remembered: those of shapes and indices. */
const MOST_ELEMENTS = 256;

/**
 * Operator, attributes, which outputs are wanted, the shapes of the operands that are moved, and the others with their elements,
 * which are integers or truth values. undefined: something else, or too much to remember.
 */
export function movesKey(
  { node, opset }: NodeContext,
  known: readonly (HostTensor | undefined)[],
  [from, to]: Moves,
): string | undefined {
  const isMoved = (i: number): boolean => i >= from && i < to;
  const size = known.reduce((sum, tensor) => sum + (tensor?.data.length ?? 0), 0);
  if (size > MOST_ELEMENTS || !node.attribute.every(isPlain)) return undefined;
  if (known.some((tensor, i) => tensor !== undefined && !isMoved(i) && !isWhole(tensor))) return undefined;
  const operands = known.map((tensor, i) =>
    tensor === undefined || isMoved(i)
      ? `[${tensor?.shape.join(',')}]`
      : `${tensor.dtype}[${tensor.shape.join(',')}]${tensor.data.join(',')}`,
  );
  const outputs = node.output.map((name) => (name === '' ? '-' : '+')).join('');
  const attributes = node.attribute.map(({ name, type, i, s, ints }) => [name, type, `${i}`, s?.join(), ints.join()]); // prettier-ignore
  return JSON.stringify([node.domain, node.opType, opset, outputs, attributes, operands]);
}

const isWhole = ({ dtype }: HostTensor): boolean => dtype === 'bool' || ONNX_DTYPES[dtype].integer !== undefined; // prettier-ignore

/** Attributes of these kinds are compared. */
const COMPARED: ReadonlySet<number> = new Set([KINDS.int, KINDS.ints, KINDS.string]);

const isPlain = ({ type }: AttributeProto): boolean => COMPARED.has(type);
