/**
 * Programs in the form in which they are edited: values by name, and plain data throughout. Typed arrays stay out of it: a
 * weight is an object that drafts leave alone.
 */
import type { TensorData } from '../base/tensor.js';
import type { Graph, Program, ValueId } from '../ir/graph.js';
import type { Op } from '../ir/ops.js';

/** One value: an operation on others, which stand there by name. */
export interface DraftValue {
  op: Op;
  inputs: string[];
  /** Those of the op: see `OpAttrs`. */
  attrs: Record<string, unknown>;
  /** Stays with the value, whatever its name and its place. A new value gets one when the edit ends. */
  id?: number;
  /** Where the value comes from in the user's program, for messages. */
  origin?: string;
}

export interface DraftOutput {
  name: string;
  value: string;
}

/** A tensor by reference: nothing is copied, and nobody may write into it. */
export class Weight {
  constructor(readonly tensor: TensorData) {}
}

/** What the frontend says about names; see `ValueNames`. */
export class Provenance {
  constructor(
    readonly folded: ReadonlySet<string>,
    readonly merged: ReadonlySet<string>,
  ) {}
}

/** A program as it is edited. */
export interface ModelDraft {
  name: string;
  /** Every value by name; `%17` is one without a name, with its id. The order of entries says nothing. */
  values: Record<string, DraftValue>;
  /** In the order of the model. */
  outputs: DraftOutput[];
  /** Weights by id. A tensor can be assigned as it is. */
  weights: Record<string, Weight | TensorData>;
  /** Further names of values. */
  aliases: Record<string, string>;
  provenance: Provenance;
}

type DeepReadonly<T> = T extends TensorData | Weight | Provenance | readonly number[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** A {@link ModelDraft} when nobody edits it. */
export type ProgramForm = DeepReadonly<ModelDraft>;

/** Names that cannot be keys: patches refuse them. A value with such a name goes by its id. */
const RESERVED: ReadonlySet<string> = new Set(['', '__proto__', 'constructor', 'prototype']);

/** A record that inherits nothing, for keys out of files. */
export const recordOf = <T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> => {
  const record = Object.create(null) as Record<string, T>;
  for (const [key, value] of entries) if (!RESERVED.has(key)) record[key] = value;
  return record;
};

export const isReserved = (name: string): boolean => RESERVED.has(name);

/** The key of a value without a name. */
export const anonymousKey = (id: number): string => `%${id}`;

/** Whether a key is that of a value without a name. */
export const isAnonymous = (key: string): boolean => /^%\d+'*$/.test(key);

/** The ids of the values, by position. */
export const idsOf = ({ nodes, names }: Graph): readonly number[] => names?.ids ?? nodes.map((_, id) => id);

/**
 * The key of every value, by position: its own name where the graph has names, else the name as an input, the id as a weight,
 * or the name as an output, whichever is free; and where there is none, its id.
 */
export function keysOf(graph: Graph): readonly string[] {
  const keys = new Array<string | undefined>(graph.nodes.length).fill(undefined);
  const taken = new Set<string>();
  for (const [name, value] of graph.names?.values ?? ownNames(graph)) {
    if (keys[value] !== undefined || taken.has(name) || RESERVED.has(name)) continue;
    keys[value] = name;
    taken.add(name);
  }
  const ids = idsOf(graph);
  return keys.map((key, value) => {
    let own = key ?? anonymousKey(ids[value]);
    while (key === undefined && taken.has(own)) own += "'";
    taken.add(own);
    return own;
  });
}

/** Names that a graph has in itself. */
const ownNames = ({ nodes, outputs }: Graph): (readonly [string, ValueId])[] => [
  ...nodes.flatMap((node, value) => (node.op === 'param' ? [[node.attrs.name, value] as const] : [])),
  ...nodes.flatMap((node, value) => (node.op === 'weight' ? [[node.attrs.id, value] as const] : [])),
  ...outputs.map(({ name, value }) => [name, value] as const),
];

/** `program` as it is edited. */
export function formOf({ graph, weights }: Program): ProgramForm {
  const keys = keysOf(graph);
  const ids = idsOf(graph);
  const values = graph.nodes.map((node, value): readonly [string, DraftValue] => [
    keys[value],
    {
      op: node.op,
      inputs: node.inputs.map((input) => keys[input]),
      attrs: node.attrs,
      id: ids[value],
      ...(node.name === undefined ? {} : { origin: node.name }),
    },
  ]);
  const aliases = [...(graph.names?.values ?? [])].flatMap(([name, value]): [string, string][] =>
    keys[value] === name ? [] : [[name, keys[value]]],
  );
  return {
    name: graph.name,
    values: recordOf(values),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: keys[value] })),
    weights: recordOf(Array.from(weights, ([id, tensor]) => [id, new Weight(tensor)])),
    aliases: recordOf(aliases),
    provenance: new Provenance(graph.names?.folded ?? new Set(), graph.names?.merged ?? new Set()),
  };
}

/** The tensor of an entry of `weights`. */
export const tensorIn = (weight: Weight | TensorData): TensorData =>
  weight instanceof Weight ? weight.tensor : weight;

/** Weights whose ids cannot be keys: an edit leaves them as they are. */
export const unnamedWeights = ({ weights }: Program): readonly (readonly [string, TensorData])[] =>
  [...weights].filter(([id]) => isReserved(id));
