/** Ops that move elements: cotangents move back, and meet where an element was used several times. */
import { dimAdd, dimEquals, dimMul, dimSub, isStatic } from '../../ir/dim.js';
import type { IdentityOp } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { sliceAlong } from './expressions.js';
import { unaryRule, type VjpRule } from './rule.js';

export const reshape: VjpRule<'reshape'> = unaryRule(({ b, ct }, x) => b.reshape(ct, x.type.shape));

export const permute: VjpRule<'permute'> = unaryRule(({ b, ct, node }) => {
  const { permutation } = node.attrs;
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return b.permute(ct, inverse);
});

/** One sum over all axes that grew. */
export const broadcast: VjpRule<'broadcast'> = unaryRule(({ b, ct }, x) => {
  const { shape } = x.type;
  const grown = shape.flatMap((dim, axis) => (dim === 1 && !dimEquals(ct.type.shape[axis], 1) ? [axis] : []));
  return grown.length === 0 ? ct : b.reshape(b.reduce('sum', ct, grown), shape);
});

/** Elements that were left out get 0. */
export const slice: VjpRule<'slice'> = unaryRule(({ b, ct, node }, x) => {
  const { starts, sizes, strides } = node.attrs;
  const ends = sizes.map((size, axis) => dimAdd(dimMul(dimSub(size, 1), strides[axis]), starts[axis] + 1));
  return b.emit('pad', [ct], {
    low: starts,
    high: staticShape(ends.map((end, axis) => dimSub(x.type.shape[axis], end))),
    interior: strides.map((stride) => stride - 1),
    value: 0,
  });
});

export const pad: VjpRule<'pad'> = unaryRule(({ b, ct, node }, x) => {
  const { low, interior } = node.attrs;
  return b.emit('slice', [ct], {
    starts: low,
    sizes: x.type.shape,
    strides: interior.map((holes) => holes + 1),
  });
});

export const concat: VjpRule<'concat'> = ({ b, ct, inputs, node, wanted }) => {
  const { axis } = node.attrs;
  let start = 0;
  return inputs.map((x, i) => {
    const extent = x.type.shape[axis];
    const part = wanted[i] ? sliceAlong(b, ct, axis, start, extent) : undefined;
    if (isStatic(extent)) start += extent;
    else if (wanted.includes(true, i + 1)) staticShape([extent]);
    return part;
  });
};

export const reverse: VjpRule<'reverse'> = unaryRule(({ b, ct, node }) =>
  b.emit('reverse', [ct], node.attrs),
);

export const identity: VjpRule<IdentityOp> = unaryRule(({ ct }) => ct);
