/**
 * A graph builder whose values are always in normal form: as soon as a node is added, the rules are tried on it, and
 * whoever added it gets the value that it comes to. Rules build their results with the same builder, so these are in
 * normal form as well. Since nodes never change and rules look at operands (and at who else uses these), one walk over a graph, operands first,
 * reaches the fixpoint; and since the builder shares equal nodes, it also eliminates common subexpressions.
 */
import { HeddleError } from '../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { withInputs, withMovedInputs, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import type { Op, OpAttrs } from '../../ir/ops.js';
import { holdsGraphs } from '../../ir/subgraphs.js';
import { typesEqual } from '../../ir/types.js';
import { describeValue, type Rewrite } from './log.js';
import { rewriteGraphs } from './subgraphs.js';
import type { RewriteContext, Rule, RuleTable } from './rule.js';
import type { Target } from '../target.js';
import type { WeightStore } from './weight-store.js';

/**
 * How deep rules may nest: the result of a rule is made by rules. No chain of sensible rules comes near; if two should
 * ever undo each other in turn, the value stays as it is then, which is still right.
 */
const MAX_DEPTH = 64;

export class Rewriter extends GraphBuilder implements RewriteContext {
  readonly log: Rewrite[] = [];
  /** The normal form of each value, by id. */
  private readonly normal: GraphValue[] = [];
  private readonly shared = new Set<number>();
  /** What rules made of the parts of tuples. */
  private readonly parts = new Map<ValueId, readonly GraphValue[]>();
  private readonly rules: RulesByOp;
  /** Those of the rules that may apply where no operand has changed. */
  private readonly newRules: RulesByOp;
  /** Whether no two nodes of the graph that is copied are equal. */
  private readonly isDistinct: boolean;
  private depth = 0;

  /** @param settled of `rules`, those that have been applied to the graph that is copied */
  constructor(
    name: string,
    rules: RuleTable,
    settled: RuleTable,
    readonly store: WeightStore,
    readonly target: Target,
    /** Rewrites a graph inside of an op in the same way; `isSettled`: unless a rule has made it. */
    private readonly rewriteInner: (graph: Graph, isSettled: boolean) => Graph,
    /** After so many rewrites rules do not apply any more. */
    private readonly limit = Infinity,
  ) {
    super(name);
    this.rules = rulesByOp(rules);
    this.isDistinct = Object.keys(settled).length > 0;
    this.newRules = rulesByOp(
      Object.fromEntries(Object.entries(rules).filter(([key]) => !Object.hasOwn(settled, key))),
    );
  }

  /**
   * The normal form of `node`, number `id` of another graph, whose values have become `moved` here.
   * @param isSettled whether no operand was changed by a rule
   */
  copy(id: ValueId, node: Node, moved: readonly ValueId[], isSettled: boolean): GraphValue {
    const copy = holdsGraphs(node.op) ? this.copyInside(node, moved) : withMovedInputs(node, moved);
    // A graph that was rewritten has no node twice, so that nothing equals it where all is as it was so far.
    const isNew = this.isDistinct && copy === node && this.size === id && this.log.length === 0;
    // Rules keep types, so that the node's is still right.
    const value = isNew ? this.append(copy) : this.add(copy);
    const rules = isSettled ? this.newRules : this.rules;
    return rules.has(copy.op) ? this.inScope(node.name, () => this.normalize(value, rules)) : this.normalize(value, rules); // prettier-ignore
  }

  private copyInside(node: Node, moved: readonly ValueId[]): Node {
    const operands = node.inputs.map((input) => this.value(moved[input]));
    const whole = rewriteGraphs(this, node, operands, (graph) => this.rewriteInner(graph, true));
    return withInputs(whole.node, whole.operands.map((operand) => operand.id)); // prettier-ignore
  }

  override emit<K extends Op>(
    op: K,
    inputs: readonly GraphValue[],
    attrs: OpAttrs[K],
    name?: string,
  ): GraphValue {
    if (!holdsGraphs(op)) return this.normalize(super.emit(op, inputs, attrs, name));
    const given = { op, inputs: [], attrs } as unknown as Node;
    const { node, operands } = rewriteGraphs(this, given, inputs, (graph) => this.rewriteInner(graph, false));
    return this.normalize(super.emit(op, operands, node.attrs as OpAttrs[K], name));
  }

  private normalize(value: GraphValue, byOp = this.rules): GraphValue {
    const known = this.normal[value.id] as GraphValue | undefined;
    if (known !== undefined) return known;
    // Until its rules are through the node stands for itself, so that a cycle of rules ends here.
    this.normal[value.id] = value;
    const rules = byOp.get(this.at(value.id).op);
    if (rules === undefined || this.depth >= MAX_DEPTH) return value;
    this.depth++;
    const result = this.applyFirst(rules, value);
    this.depth--;
    this.normal[value.id] = result;
    return result;
  }

  private applyFirst(rules: readonly NamedRule[], value: GraphValue): GraphValue {
    if (this.log.length >= this.limit) return value;
    const node = this.at(value.id);
    for (const { name, rule } of rules) {
      const result = rule.apply(this, node);
      if (result === undefined || result.id === value.id) continue;
      if (!typesEqual(result.type, value.type))
        throw new HeddleError('IR_INVALID', `the rule "${name}" changes a type`, {
          found: describeValue(this, result),
          where: describeValue(this, value),
        });
      this.log.push({
        rule: name,
        origin: node.name,
        before: () => describeValue(this, value),
        after: () => describeValue(this, result),
      });
      return result;
    }
    return value;
  }

  operand(node: Node, at = 0): GraphValue {
    return this.value(node.inputs[at]);
  }

  operands(node: Node): GraphValue[] {
    return node.inputs.map((id) => this.value(id));
  }

  producer<K extends Op>(node: Node, op: K, at = 0): Node<K> | undefined {
    const producer = this.at(node.inputs[at]);
    return producer.op === op ? (producer as Node<K>) : undefined;
  }

  splat(value: GraphValue): number | undefined {
    const node = this.at(value.id);
    return node.op === 'constant' && node.attrs.values.length === 1 ? node.attrs.values[0] : undefined;
  }

  allParts(tuple: ValueId, make: () => readonly GraphValue[]): readonly GraphValue[] {
    const parts = this.parts.get(tuple) ?? make();
    this.parts.set(tuple, parts);
    return parts;
  }

  /** Notes that several nodes of the graph use `value`, or that it is a result. */
  markShared(value: GraphValue): void {
    this.shared.add(value.id);
  }

  isShared(value: GraphValue): boolean {
    return this.shared.has(value.id);
  }
}

type RulesByOp = ReadonlyMap<Op, readonly NamedRule[]>;

interface NamedRule {
  readonly name: string;
  readonly rule: Rule;
}

function rulesByOp(rules: RuleTable): RulesByOp {
  const byOp = new Map<Op, NamedRule[]>();
  for (const [name, rule] of Object.entries(rules))
    for (const op of rule.ops) byOp.set(op, [...(byOp.get(op) ?? []), { name, rule }]);
  return byOp;
}
