/** The names of a model's values, kept for whoever edits the graph. */
import { HeddleError } from '../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Value } from '../../ir/emitter.js';
import type { ValueId, ValueNames } from '../../ir/graph.js';
import type { Op, OpAttrs } from '../../ir/ops.js';
import { shorten } from './limits.js';
import type { NodeProto } from './proto/onnx.js';
import type { OnnxValue } from './value.js';
import { piecesOf } from './wide/value.js';

/** A builder that notes which values several operators of the model share, because they were equal. */
export class SharingBuilder extends GraphBuilder {
  readonly shared = new Set<ValueId>();
  /** Values from here on belong to the operator at hand. */
  private start = 0;

  /** What is emitted from now on is for another operator. */
  nextOperator(): void {
    this.start = this.size;
  }

  override emit<K extends Op>(op: K, inputs: readonly Value[], attrs: OpAttrs[K], name?: string): GraphValue {
    const value = super.emit(op, inputs, attrs, name);
    if (value.id < this.start) this.shared.add(value.id);
    return value;
  }
}

/** The names of `values`, which are in the graph of `b` or are known. */
export function valueNames(b: SharingBuilder, values: ReadonlyMap<string, OnnxValue>): ValueNames {
  const named = new Map<string, ValueId>();
  const folded = new Set<string>();
  const merged = new Set<string>();
  for (const [name, { entered }] of values) {
    if (entered === undefined) {
      folded.add(name);
      continue;
    }
    const [piece, ...others] = piecesOf(entered);
    // A value of two words is no single one of the graph.
    if (others.length > 0) continue;
    const { id } = piece as GraphValue;
    named.set(name, id);
    // A literal may stand for any number in the model that equals it.
    if (b.shared.has(id) || b.node(piece).op === 'constant') merged.add(name);
  }
  return { values: named, folded, merged };
}

/** The error for two values of one name, made by some of `nodes`. */
export function clash(
  { name, known }: OnnxValue,
  earlier: OnnxValue,
  nodes: readonly NodeProto[],
): HeddleError {
  const makers = nodes.flatMap(({ output, opType }, i) =>
    output.includes(name) ? [`node #${i} (${shorten(opType)})`] : [],
  );
  const constants = earlier.known !== undefined && known !== undefined;
  return new HeddleError('ONNX_INVALID', 'two values have one name', {
    found: `"${shorten(name)}"${makers.length < 2 ? '' : `, of ${makers.slice(0, 2).join(' and ')}`}`,
    expected: 'names that are defined once, as ONNX demands',
    hint: constants ? 'the constants differ; `weights` of importOnnx says which is meant' : undefined,
  });
}
