/** What a kernel may compute more than once rather than read it from memory. */
import type { Graph, ValueId } from '../../ir/graph.js';
import { isView, type Policy } from '../../ir/ops.js';
import { sizeOf, staticShape } from '../../ir/types.js';
import { rowSpace, spaceSize } from './group.js';
import type { Target } from '../target.js';
import type { OpenGroup } from './state.js';
import {
  allows,
  isAlone,
  isFree,
  isLoop,
  isGiven,
  isSelective,
  neededPolicy,
  operandPolicy,
} from './traits.js';

export class Recompute {
  /** `mustStore`: the values that are known to be stored by now. */
  constructor(
    private readonly graph: Graph,
    private readonly users: readonly (readonly ValueId[])[],
    private readonly mustStore: ReadonlySet<ValueId>,
    private readonly target: Target,
  ) {}

  /**
   * Why `id` should not be computed inside of all of `groups`. A kernel computes a value once for each index at which it needs
   * it. Where that is more than once, what is computed again has to cost less than to store the value; else code and work
   * would double with each value of a chain.
   */
  refusal(id: ValueId, groups: readonly OpenGroup[]): string | undefined {
    const again = groups.filter((group) => group.uses.of(id).length > 1);
    if (again.length === 0) return undefined;
    const elements = sizeOf(this.graph.nodes[id].type);
    let copies = 0;
    let computed = 0;
    for (const { uses, space } of again) {
      const found = uses.of(id);
      copies += found.length - 1;
      for (const { times } of found) computed += times * spaceSize(space);
      computed -= elements;
    }
    const { maxRepeatedCode, heavyCost, storeCost, launchCost } = this.target;
    const code = copies * this.cost(id, 1, maxRepeatedCode);
    const work = computed * this.cost(id, heavyCost, maxRepeatedCode * heavyCost);
    const pays = work <= storeCost * elements || work <= launchCost;
    if (code <= maxRepeatedCode && pays && !this.hides(id, this.isAnchor)) return undefined;
    return `${again[0].name} needs it at ${again[0].uses.of(id).length} indices`;
  }

  /**
   * Whether an element of `id` is a function of its index that costs no more than a load: what few operations make of numbers of
   * elements and constants, such as the places of integers in words.
   */
  isOfIndex(id: ValueId): boolean {
    const open = [id];
    let left = this.target.storeCost / 2;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const node = this.graph.nodes[at];
      if (node.op === 'constant' && node.attrs.values.length > 1) return false;
      if (isGiven(node.op)) return false;
      if (!isFree(node.op) && !isView(node.op) && (neededPolicy(node.op) !== 'light' || --left < 0))
        return false;
      for (const input of node.inputs) open.push(input);
    }
    return true;
  }

  /** Whether elementwise code alone lies between `id` and something costly that could take it as epilogue. */
  hidesCost(id: ValueId): boolean {
    return this.hides(id, this.isCostly);
  }

  private hides(id: ValueId, isAnchor: (id: ValueId) => boolean, depth = this.target.epilogueDepth): boolean {
    const { op, inputs } = this.graph.nodes[id];
    if (isAnchor(id)) return true;
    if (depth === 0 || isGiven(op) || isFree(op) || isSelective(op)) return false;
    return inputs.some((input) => this.users[input].length === 1 && this.hides(input, isAnchor, depth - 1));
  }

  private readonly isCostly = (id: ValueId): boolean => {
    const { op } = this.graph.nodes[id];
    return isAlone(op) || neededPolicy(op) === 'any';
  };

  /** Whether a kernel is built around `id`: a loop that is worth one. */
  private readonly isAnchor = (id: ValueId): boolean => {
    const node = this.graph.nodes[id];
    if (node.op !== 'reduce') return isAlone(node.op) || isLoop(node.op);
    const operand = staticShape(this.graph.nodes[node.inputs[0]].type.shape);
    return rowSpace(operand, node.attrs.axes).cols > this.target.shortRow;
  };

  /** Operations that compute an element of `id` from memory, `heavy` for each costly one; infinite above `most`. */
  private cost(id: ValueId, heavy: number, most: number): number {
    let cost = 0;
    const open: (readonly [ValueId, Policy])[] = [[id, 'any']];
    for (let next = open.pop(); next !== undefined && cost <= most; next = open.pop()) {
      const [at, policy] = next;
      const node = this.graph.nodes[at];
      const isLoad = at !== id && (!allows(policy, neededPolicy(node.op)) || this.liesInMemory(at));
      if (isLoad) cost += 1;
      else if (isView(node.op)) cost += this.target.viewCost;
      else if (node.op === 'constant')
        cost += node.attrs.values.length; // picked one by one
      else cost += this.isCostly(at) ? heavy : 1;
      if (!isLoad)
        node.inputs.forEach((input, place) => open.push([input, operandPolicy(node.op, place, policy)]));
    }
    return cost <= most ? cost : Infinity;
  }

  /** Whether `id` is certain, or likely, to be stored. */
  private liesInMemory(id: ValueId): boolean {
    return isGiven(this.graph.nodes[id].op) || this.mustStore.has(id) || this.hides(id, this.isAnchor);
  }
}
