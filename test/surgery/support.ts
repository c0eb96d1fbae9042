/** Random edits, and comparison of programs. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import { interpret } from '../../src/interpreter/index.js';
import { paramsOf, type Program } from '../../src/ir/graph.js';
import { printGraph } from '../../src/ir/print.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import {
  addOutput,
  cut,
  prune,
  rename,
  replace,
  setShape,
  setWeight,
  type ModelDraft,
} from '../../src/surgery/index.js';
import { differenceOf } from '../support/differential.js';

/** One change of a draft, which `numbers` decide. */
export interface Change {
  readonly kind: keyof typeof CHANGES;
  readonly numbers: readonly number[];
}

type Pick = <T>(list: readonly T[]) => T | undefined;

/** What people do to a model, well or badly. */
const CHANGES = {
  cut: (draft, pick) => cut(draft, name(draft, pick)),
  cutAs: (draft, pick) => cut(draft, name(draft, pick), 'port'),
  output: (draft, pick) => addOutput(draft, name(draft, pick)),
  outputAs: (draft, pick) => addOutput(draft, name(draft, pick), 'more'),
  dropOutput: (draft, pick) => {
    const output = pick(draft.outputs);
    draft.outputs = draft.outputs.filter((other) => other !== output);
  },
  swapOutputs: (draft) => void draft.outputs.reverse(),
  rename: (draft, pick) => rename(draft, name(draft, pick), 'renamed'),
  renameOutput: (draft, pick) => rename(draft, pick(draft.outputs)?.name ?? 'x', 'out'),
  swapNames: (draft, pick) => {
    const [a, b] = [name(draft, pick), name(draft, pick)];
    rename(draft, a, 'aside');
    rename(draft, b, a.startsWith('%') ? 'other' : a);
  },
  unary: (draft, pick) => replace(draft, name(draft, pick), (b, { inputs }) => b.unary('neg', inputs[0])),
  behind: (draft, pick) =>
    replace(draft, name(draft, pick), (b, { value }) => b.binary('add', value, b.full(value, 1))),
  bypass: (draft, pick) => replace(draft, name(draft, pick), (_, { inputs }) => inputs[0]),
  keep: (draft, pick) => replace(draft, name(draft, pick), (_, { value }) => value),
  weight: (draft, pick) => {
    const id = pick(Object.keys(draft.weights)) ?? 'w';
    setWeight(draft, id, { dtype: 'f32', shape: [2], data: Float32Array.of(1, 2) });
  },
  shape: (draft, pick) => setShape(draft, name(draft, pick), [2, 3]),
  op: (draft, pick) => void (draft.values[name(draft, pick)].op = 'abs'),
  operand: (draft, pick) => {
    const { inputs } = draft.values[name(draft, pick)];
    if (inputs.length > 0) inputs[0] = name(draft, pick);
  },
  add: (draft, pick) => {
    draft.values.added = { op: 'neg', inputs: [name(draft, pick)], attrs: {} };
    draft.outputs.push({ name: 'added', value: 'added' });
  },
  overwrite: (draft, pick) => {
    draft.values[name(draft, pick)] = {
      op: 'constant',
      inputs: [],
      attrs: { dtype: 'f32', shape: [2], values: [3] },
    };
  },
  remove: (draft, pick) => void delete draft.values[name(draft, pick)],
  title: (draft) => void (draft.name = 'another'),
  attribute: (draft, pick) => {
    const { attrs } = draft.values[name(draft, pick)];
    if (typeof attrs.axis === 'number') attrs.axis += 1;
    if (Array.isArray(attrs.axes)) attrs.axes.push(0);
  },
  prune: (draft) => prune(draft),
  pruneWithin: (draft) => prune(draft, { keepInputs: true }),
} as const satisfies Record<string, (draft: ModelDraft, pick: Pick) => void>;

const name = (draft: ModelDraft, pick: Pick): string => pick(Object.keys(draft.values)) ?? 'nothing';

/** Up to `most` changes. */
export const changes = (most: number): fc.Arbitrary<readonly Change[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...(Object.keys(CHANGES) as Change['kind'][])),
      numbers: fc.array(fc.nat(9999), { minLength: 4, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: most },
  );

export function change(draft: ModelDraft, { kind, numbers }: Change): void {
  let at = 0;
  CHANGES[kind](draft, (list) => list[numbers[at++ % numbers.length] % Math.max(1, list.length)]);
}

/** What `body` gives; undefined where it throws an error that an edit may throw. */
export function orRefused<T>(body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    expect(error).toBeInstanceOf(HeddleError);
    expect((error as HeddleError).code).not.toBe('INTERNAL');
    return undefined;
  }
}

/** Throws unless both programs are the same in everything: nodes, outputs, names, and the very tensors. */
export function expectSame(found: Program, expected: Program): void {
  expect(printGraph(found.graph, { names: true })).toBe(printGraph(expected.graph, { names: true }));
  expect(found.graph).toEqual(expected.graph);
  expect([...found.weights.keys()].sort()).toEqual([...expected.weights.keys()].sort());
  for (const [id, tensor] of expected.weights) expect(found.weights.get(id)).toBe(tensor);
}

/** Runs `program` on those of `given` that it takes. */
export function run(program: Program, given: Tensors): Tensors {
  const names = paramsOf(program.graph).map(({ node }) => node.attrs.name);
  return interpret(program, Object.fromEntries(names.map((input) => [input, given[input]]))).outputs;
}

/** Throws unless the tensors have the same bits. */
export function expectBits(found: Tensors, expected: Tensors): void {
  expect(Object.keys(found)).toEqual(Object.keys(expected));
  for (const [output, tensor] of Object.entries(expected))
    expect(differenceOf(found[output], tensor), output).toBeUndefined();
}
