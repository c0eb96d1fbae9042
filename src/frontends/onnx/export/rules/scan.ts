/** Running reductions. */
import { isStatic, type Dim } from '../../../../ir/dim.js';
import { staticShape } from '../../../../ir/types.js';
import type { OnnxBuilder, Ref } from '../builder.js';
import type { ExportCall, ExportRule } from '../rule.js';
import { carry, COMBINE } from '../scalar.js';

/** The first opset with CumProd. */
const CUMPROD_OPSET = 26;

function operatorFor({ g, attrs: { kind } }: ExportCall<'scan'>): string | undefined {
  if (kind === 'sum') return 'CumSum';
  return kind === 'prod' && g.opset >= CUMPROD_OPSET ? 'CumProd' : undefined;
}

export const scan: ExportRule<'scan'> = (call) => {
  const { g, inputs, attrs, type } = call;
  const op = operatorFor(call);
  const { x, back, identity } = carry(g, inputs[0].full(), type.dtype, attrs.kind, op === undefined);
  if (op === undefined) return back(byDoubling(call, x, identity));
  const { axis, exclusive, reverse } = attrs;
  const flags = { ...(exclusive ? { exclusive: 1 } : {}), ...(reverse ? { reverse: 1 } : {}) };
  return back(g.like(op, [x, g.scalar('int64', axis)], flags));
};

/** Combines each element with that 1, 2, 4, ... before it: as many steps as the extent has bits. */
function byDoubling({ g, attrs, type: { shape } }: ExportCall<'scan'>, x: Ref, identity: number): Ref {
  const { kind, axis, exclusive, reverse } = attrs;
  const [extent] = staticShape([shape[axis]]);
  const shifted = (y: Ref, distance: number): Ref =>
    shift(g, y, shape, axis, reverse ? -distance : distance, identity);
  let result = exclusive ? shifted(x, 1) : x;
  for (let distance = 1; distance < extent; distance *= 2)
    result = g.like(COMBINE[kind], [shifted(result, distance), result]);
  return result;
}

/** Moves the elements along an axis; those that leave it are lost, `identity` follows. */
function shift(
  g: OnnxBuilder,
  x: Ref,
  shape: readonly Dim[],
  axis: number,
  distance: number,
  identity: number,
): Ref {
  const extent = shape[axis];
  const by = isStatic(extent) ? Math.max(-extent, Math.min(extent, distance)) : distance;
  const at = (amount: number): number[] => shape.map((_, i) => (i === axis ? amount : 0));
  return g.like('Pad', [x, g.ints([...at(by), ...at(-by)]), g.scalar(x.dtype, identity)]);
}
