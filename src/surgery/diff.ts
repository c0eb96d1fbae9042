/** What differs between two programs, by the names of their values. */
import type { TensorData } from '../base/tensor.js';
import { givenProgram } from '../given-program.js';
import { checkGraph } from '../ir/check-program.js';
import type { Graph, Node, Program, ValueId } from '../ir/graph.js';
import { printAttrs } from '../ir/print.js';
import { printType } from '../ir/types.js';
import { isAnonymous, keysOf } from './form.js';
import { commonKeys, identitiesOf } from './identity.js';
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
 * name; one without a name where it is the same operation on the same operands, and there the other may have a name. A weight
 * that is reshaped is that weight, read with another shape.
 */
export function diff(before: Program, after: Program): ProgramDiff {
  for (const program of [before, after]) {
    givenProgram('diff', program);
    checkGraph('diff', program.graph);
  }
  const numbers = new Map<string, number>();
  const common = commonKeys(keysOf(before.graph), keysOf(after.graph));
  const [a, b] = [new View(before, numbers, common), new View(after, numbers, common)];
  const [inputs, outputs] = [compare(a.inputs(), b.inputs()), compare(a.outputs(), b.outputs())];
  const values = { ...unmatched(a.others(), b.others()), changed: compare(a.values(), b.values()).changed };
  return {
    inputs,
    outputs,
    values,
    weights: compareWeights(before.weights, after.weights),
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

/** A program with an identity for each value. */
class View {
  private readonly graph: Graph;
  private readonly keys: readonly string[];
  private readonly definitions: readonly string[];
  private readonly references: readonly string[];
  /** The weight that a value is, in whatever shape. */
  private readonly weights: ReadonlyMap<ValueId, string>;

  constructor(
    { graph }: Program,
    numbers: Map<string, number>,
    private readonly common: ReadonlySet<string>,
  ) {
    this.graph = graph;
    this.keys = keysOf(graph);
    const { definitions, references, weights } = identitiesOf(graph, this.keys, common, numbers);
    this.definitions = definitions;
    this.references = references;
    this.weights = weights;
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
        return [
          name,
          { identity: `${this.references[value]} : ${type}`, text: `${this.text(value, DEPTH)} : ${type}` },
        ];
      }),
    );
  }

  /** Those whose name both have, by it. */
  values(): Entries {
    return this.entries(
      this.inner().filter((value) => this.isCommon(value)),
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

  /** The other ones, by what they are. */
  others(): Others {
    const others = new Map<string, { named: string[]; nameless: string[] }>();
    for (const value of this.inner().filter((value) => !this.isCommon(value))) {
      const text = `${this.operation(value, DEPTH)} : ${printType(this.node(value).type)}`;
      const alike = others.get(this.definitions[value]) ?? { named: [], nameless: [] };
      others.set(this.definitions[value], alike);
      if (this.isNamed(value)) alike.named.push(`${this.keys[value]}: ${text}`);
      else alike.nameless.push(text);
    }
    return others;
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

  /** Those within: inputs and weights have lists of their own. */
  private inner(): ValueId[] {
    return this.all().filter((value) => this.node(value).op !== 'param' && !this.weights.has(value));
  }

  private node(value: ValueId): Node {
    return this.graph.nodes[value];
  }

  private isNamed(value: ValueId): boolean {
    return !isAnonymous(this.keys[value]);
  }

  private isCommon(value: ValueId): boolean {
    return this.common.has(this.keys[value]);
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

/** Values by what they are, with and without names of their own, as text. */
type Others = ReadonlyMap<
  string,
  { readonly named: readonly string[]; readonly nameless: readonly string[] }
>;

/** What is left on either side when each value has met one that is alike, of which one of the two may have a name. */
function unmatched(before: Others, after: Others): Pick<Changes<Change>, 'added' | 'removed'> {
  const left = [...new Set([...before.keys(), ...after.keys()])].map((definition) => {
    const [a, b] = [before, after].map((side) => side.get(definition) ?? { named: [], nameless: [] });
    const [namedA, namedB] = [a.named.slice(b.nameless.length), b.named.slice(a.nameless.length)];
    const [freeA, freeB] = [a.nameless.slice(b.named.length), b.nameless.slice(a.named.length)];
    return {
      removed: [...namedA, ...freeA.slice(freeB.length)],
      added: [...namedB, ...freeB.slice(freeA.length)],
    };
  });
  return { added: left.flatMap(({ added }) => added), removed: left.flatMap(({ removed }) => removed) };
}

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

function compareWeights(before: Tensors, after: Tensors): Changes<WeightChange> {
  const text = ({ dtype, shape }: TensorData): string => printType({ dtype, shape });
  const only = (own: Tensors, other: Tensors): string[] =>
    [...own].flatMap(([id, tensor]) => (other.has(id) ? [] : [`${id}: ${text(tensor)}`]));
  const changed = [...before].flatMap(([name, tensor]): WeightChange[] => {
    const now = after.get(name);
    // A shape that still holds the elements shows where the weight is read.
    const alike = now !== undefined && now.dtype === tensor.dtype && now.data.length === tensor.data.length;
    const difference = now && compareTensors(tensor, alike ? { ...now, shape: tensor.shape } : now);
    return difference === undefined ? [] : [{ name, before: text(tensor), after: text(now!), ...difference }];
  });
  return { added: only(after, before), removed: only(before, after), changed };
}
