/**
 * Random well-typed graphs for fast-check. A graph is grown from a recipe: a list of steps, each with a few numbers that
 * decide what it does. Whatever the numbers are, the result is well-typed, so recipes shrink freely: steps are dropped,
 * and numbers fall towards the plainest choice.
 */
import fc from 'fast-check';
import { usersOf } from '../../src/ir/graph.js';
import type { Specimen } from './differential.js';
import { SUBGRAPH_STEPS } from './graph-subgraphs.js';
import { STEPS as PLAIN_STEPS, STEP_KINDS as PLAIN_KINDS } from './graph-steps.js';
import { Choices, World } from './graph-world.js';

const STEPS = { ...PLAIN_STEPS, ...SUBGRAPH_STEPS };
type StepKind = keyof typeof STEPS;

export interface Step {
  readonly kind: StepKind;
  readonly numbers: readonly number[];
}

export interface Recipe {
  readonly steps: readonly Step[];
  /** Values that are outputs although others use them, counted from the last. */
  readonly extras: readonly number[];
  readonly seed: number;
}

/** Grows the graph of a recipe. Everything that nothing uses is an output. `unbounded`: there may be whiles without a bound. */
export function grow({ steps, extras, seed }: Recipe, unbounded = false): Specimen {
  const world = new World(seed, 0, unbounded);
  for (const { kind, numbers } of steps) {
    const made = STEPS[kind](world, new Choices(numbers));
    if (made !== undefined && !world.values.some((value) => value.id === made.id)) world.values.push(made);
  }
  const { b } = world;
  const nodes = b.build().nodes;
  const used = usersOf(b.build());
  const wanted = world.values.filter((value) => used[value.id].length === 0).map((value) => value.id);
  if (nodes.length > 0) for (const back of extras) wanted.push(nodes.length - 1 - (back % nodes.length));
  const tensors = [...new Set(wanted)].filter((id) => nodes[id].type.parts === undefined);
  tensors.forEach((id, i) => b.output(`o${i}`, b.value(id)));
  return {
    program: { graph: b.build(), weights: world.weights },
    inputs: world.inputs(),
    others: world.inputs(seed + 77),
  };
}

const step = (kinds: readonly StepKind[] = PLAIN_KINDS): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    numbers: fc.array(fc.nat(9999), { minLength: 16, maxLength: 16 }),
  });

/** Recipes of up to `most` steps. */
export const recipes = (most = 20): fc.Arbitrary<Recipe> =>
  fc.record({
    steps: fc.array(step(), { minLength: 1, maxLength: most, size: 'max' }),
    extras: fc.array(fc.nat(30), { maxLength: 3 }),
    seed: fc.nat(1_000_000),
  });

/** Recipes of graphs in which most things happen inside of loops and conds. */
export const subgraphRecipes = (): fc.Arbitrary<Recipe> =>
  fc.record({
    steps: fc.array(step(['loop', 'cond', 'binary', 'loop', 'reduce', 'source']), {
      minLength: 1,
      maxLength: 8,
    }),
    extras: fc.array(fc.nat(30), { maxLength: 3 }),
    seed: fc.nat(1_000_000),
  });
