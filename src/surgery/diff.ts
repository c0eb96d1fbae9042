/** What differs between two programs, by the names of their values. */
import type { TensorData } from '../base/tensor.js';
import { checkGraph, checkProgram } from '../ir/check-program.js';
import type { Graph, Node, Program, ValueId } from '../ir/graph.js';
import { printAttrs } from '../ir/print.js';
import { printType, staticShape } from '../ir/types.js';
import { isAnonymous, keysOf } from './form.js';
import { compareTensors, type TensorDifference } from './tensors.js';

/** Something that both programs have, as text. */
export interface Change {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

export interface Changes<C> {
  /** What the second program has only, as text. */
  readonly added: readonly string[];
  /** What the first one has only. */
  readonly removed: readonly string[];
  readonly changed: readonly C[];
}

export interface WeightChange extends Change, TensorDifference {}

export interface ProgramDiff {
  readonly inputs: Changes<Change>;
  readonly outputs: Changes<Change>;
  /** Values within, without weights and inputs. Those without a name are compared by what computes them. */
  readonly values: Changes<Change>;
  readonly weights: Changes<WeightChange>;
  /** Whether inputs or outputs that both have stand in another order. */
  readonly reordered: boolean;
}

/**
 * What `after` has that `before` has not, what it lacks, and what is another there. Values are the same where they have one
 * name; one without a name where it is the same operation on the same operands.
 */
export function diff(before: Program, after: Program): ProgramDiff {
  for (const program of [before, after]) {
    checkProgram('diff', program);
    checkGraph('diff', program.graph);
  }
  const numbers = new Map<string, number>();
  const [a, b] = [new View(before, numbers), new View(after, numbers)];
  const [inputs, outputs] = [compare(a.inputs(), b.inputs()), compare(a.outputs(), b.outputs())];
  const [named, nameless] = [compare(a.values(), b.values()), compare(a.nameless(), b.nameless())];
  const values = {
    added: [...named.added, ...nameless.added],
    removed: [...named.removed, ...nameless.removed],
    changed: named.changed,
  };
  return {
    inputs,
    outputs,
    values,
    weights: compareWeights(asRead(before), asRead(after)),
    reordered: isReordered(a.inputs(), b.inputs()) || isReordered(a.outputs(), b.outputs()),
  };
}

/** One side of a comparison: `identity` says whether it is the same, `text` what it is. */
interface Entry {
  readonly identity: string;
  readonly text: string;
}
type Entries = ReadonlyMap<string, Entry>;

/** How many levels of operands without a name are shown. */
const DEPTH = 1;

/** A program with an identity for each value: its name, or the number of what computes it, which equal ones share. */
class View {
  private readonly graph: Graph;
  private readonly keys: readonly string[];
  private readonly definitions: readonly string[];

  constructor({ graph }: Program, numbers: Map<string, number>) {
    this.graph = graph;
    this.keys = keysOf(graph);
    const references: string[] = [];
    this.definitions = graph.nodes.map((node, value) => {
      const operands = node.inputs.map((input) => references[input]).join(', ');
      const definition = `${node.op}(${operands})${printAttrs(node)}`;
      const number = numbers.get(definition) ?? numbers.size;
      numbers.set(definition, number);
      references[value] = this.isNamed(value) ? JSON.stringify(this.keys[value]) : `#${number}`;
      return definition;
    });
  }

  inputs(): Entries {
    return this.entries(
      this.all().filter((value) => this.node(value).op === 'param'),
      (value) => {
        const { attrs, type } = this.node(value) as Node<'param'>;
        return [attrs.name, printType(type), printType(type)];
      },
    );
  }

  outputs(): Entries {
    return new Map(
      this.graph.outputs.map(({ name, value }) => {
        const type = printType(this.node(value).type);
        const own = this.isNamed(value) ? this.keys[value] : this.definitions[value];
        return [name, { identity: `${own} : ${type}`, text: `${this.text(value, DEPTH)} : ${type}` }];
      }),
    );
  }

  /** Those with a name, by it. */
  values(): Entries {
    return this.entries(
      this.all().filter((value) => this.isNamed(value) && !isSource(this.node(value))),
      (value) => {
        const type = printType(this.node(value).type);
        return [
          this.keys[value],
          `${this.definitions[value]} : ${type}`,
          `${this.operation(value, DEPTH)} : ${type}`,
        ];
      },
    );
  }

  /** Those without one, by what they are: several that are alike get numbers. */
  nameless(): Entries {
    const counts = new Map<string, number>();
    return this.entries(
      this.all().filter((value) => !this.isNamed(value) && !isSource(this.node(value))),
      (value) => {
        const definition = this.definitions[value];
        const count = counts.get(definition) ?? 0;
        counts.set(definition, count + 1);
        return [`${count} ${definition}`, '', `${this.operation(value, DEPTH)} : ${printType(this.node(value).type)}`]; // prettier-ignore
      },
    );
  }

  private entries(
    values: readonly ValueId[],
    entry: (value: ValueId) => readonly [key: string, identity: string, text: string],
  ): Entries {
    return new Map(
      values.map((value) => {
        const [key, identity, text] = entry(value);
        return [key, { identity, text }];
      }),
    );
  }

  private all(): ValueId[] {
    return this.graph.nodes.map((_, value) => value);
  }

  private node(value: ValueId): Node {
    return this.graph.nodes[value];
  }

  private isNamed(value: ValueId): boolean {
    return !isAnonymous(this.keys[value]);
  }

  private text(value: ValueId, depth: number): string {
    return this.isNamed(value) ? this.keys[value] : this.operation(value, depth);
  }

  private operation(value: ValueId, depth: number): string {
    const { op, inputs } = this.node(value);
    const operands = depth < 0 ? (inputs.length > 0 ? ['...'] : []) : inputs.map((input) => this.text(input, depth - 1)); // prettier-ignore
    return `${op}(${operands.join(', ')})${printAttrs(this.node(value))}`;
  }
}

/** Inputs and weights have lists of their own. */
const isSource = ({ op }: Node): boolean => op === 'param' || op === 'weight';

function compare(before: Entries, after: Entries): Changes<Change> {
  const only = (own: Entries, other: Entries): string[] =>
    [...own].flatMap(([name, { identity, text }]) =>
      other.has(name) ? [] : [identity === '' ? text : `${name}: ${text}`],
    );
  const changed = [...before].flatMap(([name, { identity, text }]): Change[] => {
    const now = after.get(name);
    return now === undefined || now.identity === identity ? [] : [{ name, before: text, after: now.text }];
  });
  return { added: only(after, before), removed: only(before, after), changed };
}

function isReordered(before: Entries, after: Entries): boolean {
  const [a, b] = [
    [...before.keys()].filter((name) => after.has(name)),
    [...after.keys()].filter((name) => before.has(name)),
  ];
  return a.some((name, i) => name !== b[i]);
}

type Tensors = ReadonlyMap<string, TensorData>;

/** The weights with the shapes in which their program reads them first: a bundle has no others. */
function asRead({ graph, weights }: Program): Tensors {
  const read = new Map(weights);
  for (const { op, attrs, type } of graph.nodes.toReversed()) {
    const tensor = op === 'weight' ? weights.get(attrs.id) : undefined;
    if (op === 'weight' && tensor !== undefined)
      read.set(attrs.id, { ...tensor, shape: staticShape(type.shape) });
  }
  return read;
}

function compareWeights(before: Tensors, after: Tensors): Changes<WeightChange> {
  const text = ({ dtype, shape }: TensorData): string => printType({ dtype, shape });
  const only = (own: Tensors, other: Tensors): string[] =>
    [...own].flatMap(([id, tensor]) => (other.has(id) ? [] : [`${id}: ${text(tensor)}`]));
  const changed = [...before].flatMap(([name, tensor]): WeightChange[] => {
    const now = after.get(name);
    const difference = now && compareTensors(tensor, now);
    return difference === undefined ? [] : [{ name, before: text(tensor), after: text(now!), ...difference }];
  });
  return { added: only(after, before), removed: only(before, after), changed };
}
