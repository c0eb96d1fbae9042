/** Gathers whose index is known are slices. */
import { isStatic } from '../../../ir/dim.js';
import { rule } from '../rule.js';

export const gatherRules = {
  'gather of one index': rule(
    ['gather'],
    'A slice of one element along the axis, at the index clamped to the valid range.',
    (b, node) => {
      const [x, indices] = b.operands(node);
      const index = b.splat(indices);
      const extent = x.type.shape[node.attrs.axis];
      const single = indices.type.shape.every((dim) => dim === 1);
      if (index === undefined || !single || !isStatic(extent)) return undefined;
      const at = Math.min(Math.max(index, 0), extent - 1);
      const one = b.emit('slice', [x], {
        starts: x.type.shape.map((_, axis) => (axis === node.attrs.axis ? at : 0)),
        sizes: x.type.shape.map((dim, axis) => (axis === node.attrs.axis ? 1 : dim)),
        strides: x.type.shape.map(() => 1),
      });
      return b.reshape(one, node.type.shape);
    },
  ),
};
