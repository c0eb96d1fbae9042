/** What the graphs of all control operators have to be. */
import { printShape, typesEqual } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { ONNX_DTYPES, irDType } from '../../dtype.js';
import { shorten } from '../../limits.js';
import type { GraphProto } from '../../proto/onnx.js';
import { inputsOf } from '../../subgraphs.js';
import type { OnnxValue } from '../../value.js';

/** The type of a value for messages: `int64[2,3]` */
export const printValue = ({ dtype, shape }: OnnxValue): string => `${dtype}${printShape(shape)}`;

export const sameType = (a: OnnxValue, b: OnnxValue): boolean =>
  a.dtype === b.dtype &&
  typesEqual({ dtype: irDType(a.dtype), shape: a.shape }, { dtype: irDType(b.dtype), shape: b.shape });

export function counted(ctx: NodeContext, what: string, found: number, expected: number, of: string): void {
  if (found !== expected)
    ctx.fail('ONNX_INVALID', `the graph has the wrong number of ${what}`, {
      found: `${found} ${what}`,
      expected: `${expected}: ${of}`,
    });
}

/** Throws ONNX_INVALID where an input of a graph is declared with another element type than the value that it is given. */
export function checkDeclared(ctx: NodeContext, graph: GraphProto, given: readonly OnnxValue[]): void {
  inputsOf(graph).forEach(({ name, type }, i) => {
    const code = type?.tensorType?.elemType ?? 0;
    if (code === 0 || code === ONNX_DTYPES[given[i].dtype].code) return;
    const declared = Object.entries(ONNX_DTYPES).find(([, info]) => info.code === code)?.[0];
    ctx.fail('ONNX_INVALID', 'an input of the graph has another element type than its value', {
      found: printValue(given[i]),
      expected: `${declared ?? `type ${code}`}, as "${shorten(name)}" is declared`,
    });
  });
}

/** How many outputs the node has, up to the last one that it names. */
export const outputsWanted = (ctx: NodeContext): number =>
  ctx.node.output.findLastIndex((name) => name !== '') + 1;
