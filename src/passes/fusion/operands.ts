/**
 * What contractions ask of their operands on engines whose lanes run in step. Their results are computed in panels
 * (codegen/lower/panels.ts): each element of an operand is read again for each panel that it takes part in, so that it is stored
 * where reading it would mean computing it, and in the order in which lanes read it.
 */
import { elementCount } from '../../base/tensor.js';
import { hasBlocks, isConv, isDot, termsOf, type ConvOp, type DotOp } from '../../ir/contraction.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import { isView, traitsOf, type Op } from '../../ir/ops.js';
import { integerRange, isInt16 } from '../integer-range.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import type { OpenGroup } from './state.js';

/** Whether a value is another one shifted down, in whatever shape. */
const isShifted = ({ nodes }: Graph, id: ValueId): boolean => {
  let node = nodes[id];
  while (isView(node.op)) node = nodes[node.inputs[0]];
  return node.op === 'shr';
};

/** The ops that take words apart. */
const UNPACKING: ReadonlySet<Op> = new Set<Op>(['shl', 'shr', 'sub', 'mul']);

export class PanelOperands {
  constructor(
    private readonly graph: Graph,
    private readonly users: readonly (readonly ValueId[])[],
    private readonly target: Target,
  ) {}

  /** Why `id` should not be computed inside of `groups`, where it is an operand of their contractions; undefined where it may be. */
  refusal(id: ValueId, groups: readonly OpenGroup[]): string | undefined {
    if (this.target.lanesInStep === 1) return undefined;
    if (this.scattersColumns(id, groups)) return 'its elements would lie apart';
    if (traitsOf(this.graph.nodes[id].op).class !== 'scalar') return undefined;
    for (const group of groups) {
      if (this.unpacks(id, group)) continue;
      const products = this.productsIn(id, group);
      if (products >= this.target.panelProducts) return `${group.name} would compute it for each panel`;
    }
    return undefined;
  }

  /** Whether `id` puts elements where lanes find them: in another order they would not lie side by side, or in blocks. */
  private scattersColumns(id: ValueId, groups: readonly OpenGroup[]): boolean {
    const node = this.graph.nodes[id];
    if (node.op !== 'permute') return false;
    const { permutation } = node.attrs;
    const isMoved = permutation[permutation.length - 1] !== permutation.length - 1;
    return this.users[id].some((user) => {
      const { op, inputs, attrs } = this.graph.nodes[user];
      if (!groups.some(({ members }) => members.has(user))) return false;
      if (op === 'conv') return inputs[0] === id && isMoved;
      return op === 'dot' && inputs[1] === id && (isMoved || hasBlocks(attrs, permutation.length));
    });
  }

  /** Whether `id` takes integers of a few bits out of words for a product of them: reading them apart would take as long. */
  private unpacks(id: ValueId, { anchor }: OpenGroup): boolean {
    const { op, type } = this.graph.nodes[id];
    if (type.dtype !== 'i32' || !UNPACKING.has(op) || anchor === undefined) return false;
    return this.multipliesWords(anchor);
  }

  /** Whether `id` is a product of integers that both lie in words, several in each: kernels take them apart where they read them. */
  multipliesWords(id: ValueId): boolean {
    const { op, type, inputs } = this.graph.nodes[id];
    if (this.target.lanesInStep === 1 || op !== 'dot' || type.dtype !== 'i32') return false;
    return inputs.every((input) => isShifted(this.graph, input) && isInt16(integerRange(this.graph, input)));
  }

  /** Of how many products an element of `id` is a factor, where it leads to the contraction of a group. */
  private productsIn(id: ValueId, { anchor, members }: OpenGroup): number {
    if (anchor === undefined || anchor < id) return 0;
    const node = this.graph.nodes[anchor];
    if (!isDot(node) && !isConv(node)) return 0;
    const seen = new Set<ValueId>();
    const leadsThere = (value: ValueId): boolean => {
      if (value === anchor) return true;
      if (value > anchor || seen.has(value) || !(value === id || members.has(value))) return false;
      seen.add(value);
      return this.users[value].some(leadsThere);
    };
    return leadsThere(id) ? this.products(node) / Math.max(this.count(id), 1) : 0;
  }

  private products(node: Node<DotOp | ConvOp>): number {
    const [first, second] = node.inputs.map((input) => staticShape(this.graph.nodes[input].type.shape));
    return elementCount(staticShape(node.type.shape)) * termsOf(node, first, second);
  }

  private count(id: ValueId): number {
    return elementCount(staticShape(this.graph.nodes[id].type.shape));
  }
}
