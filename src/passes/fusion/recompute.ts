/** What a kernel may compute more than once rather than read it from memory. */
import type { Graph, ValueId } from '../../ir/graph.js';
import { isView } from '../../ir/index-map.js';
import { sizeOf, staticShape } from '../../ir/types.js';
import { rowSpace, SHORT_ROW, spaceSize } from './group.js';
import type { Draft } from './state.js';
import {
  allows,
  isAlone,
  isFree,
  isLoop,
  isResident,
  isSelective,
  neededPolicy,
  operandPolicy,
  type Policy,
} from './traits.js';

/** Operations, as text, that a kernel may repeat to save a value from being stored. */
const MAX_AGAIN = 32;

/** Operations for each element in the time that it takes to store it and load it. */
const STORE = 16;

/** Operations in the time that it takes to launch a kernel. */
const LAUNCH = 2 ** 21;

/** Operations of an op that is not cheap, at least. */
const HEAVY = 40;

/** Operations of an index map, mostly folded into its neighbours'. */
const VIEW = 0.25;

/** How far back a value is searched for an op whose epilogue it could be. */
const EPILOGUE_DEPTH = 12;

export class Recompute {
  /** `mustStore`: the values that are known to be stored by now. */
  constructor(
    private readonly graph: Graph,
    private readonly users: readonly (readonly ValueId[])[],
    private readonly mustStore: ReadonlySet<ValueId>,
  ) {}

  /**
   * Why `id` should not be computed inside of all of `groups`. A kernel computes a value once for each index at which it needs
   * it. Where that is more than once, what is computed again has to cost less than to store the value; else code and work
   * would double with each value of a chain.
   */
  refusal(id: ValueId, groups: readonly Draft[]): string | undefined {
    const again = groups.filter((group) => group.uses.of(id).length > 1);
    if (again.length === 0) return undefined;
    const elements = sizeOf(this.graph.nodes[id].type);
    let copies = 0;
    let computed = 0;
    for (const { uses, space } of again) {
      const found = uses.of(id);
      copies += found.length - 1;
      computed += found.reduce((sum, { times }) => sum + times, 0) * spaceSize(space) - elements;
    }
    const code = copies * this.cost(id, 1, MAX_AGAIN);
    const work = computed * this.cost(id, HEAVY, MAX_AGAIN * HEAVY);
    const pays = work <= STORE * elements || work <= LAUNCH;
    if (code <= MAX_AGAIN && pays && !this.hides(id, this.isAnchor)) return undefined;
    return `${again[0].name} needs it at ${again[0].uses.of(id).length} indices`;
  }

  /** Whether elementwise code alone lies between `id` and something costly that could take it as epilogue. */
  hidesCost(id: ValueId): boolean {
    return this.hides(id, this.isCostly);
  }

  private hides(id: ValueId, isAnchor: (id: ValueId) => boolean, depth = EPILOGUE_DEPTH): boolean {
    const { op, inputs } = this.graph.nodes[id];
    if (isAnchor(id)) return true;
    if (depth === 0 || isResident(op) || isFree(op) || isSelective(op)) return false;
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
    return rowSpace(operand, node.attrs.axes).cols > SHORT_ROW;
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
      else if (isView(node.op)) cost += VIEW;
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
    return isResident(this.graph.nodes[id].op) || this.mustStore.has(id) || this.hides(id, this.isAnchor);
  }
}
