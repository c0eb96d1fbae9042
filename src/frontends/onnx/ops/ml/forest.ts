/** The trees of an ensemble, out of the attributes in which files hold them: numbers by node, for all trees together. */
import { HeddleError } from '../../../../base/errors.js';
import type { NodeContext } from '../../context.js';
import { toNumbers } from '../../host.js';

/** Outcomes of comparing a feature with the number of a node: it is less, equal, greater, or a NaN is among them. */
const [LESS, EQUAL, GREATER, UNORDERED] = [1, 2, 4, 8];

/** The outcomes with which a mode goes the way of "true". */
const MODES = {
  BRANCH_LEQ: LESS | EQUAL,
  BRANCH_LT: LESS,
  BRANCH_GTE: GREATER | EQUAL,
  BRANCH_GT: GREATER,
  BRANCH_EQ: EQUAL,
  BRANCH_NEQ: LESS | GREATER | UNORDERED,
} as const;

/** Those of TreeEnsemble, by their codes; 6 is BRANCH_MEMBER. */
const CODES = Object.values(MODES);
const MEMBER = 6;

/** Steps from a root to a leaf at most. */
const MAX_DEPTH = 64;

export interface Forest {
  /** The node at which each tree begins. */
  readonly roots: readonly number[];
  /** By node. A leaf is followed by itself. */
  readonly features: readonly number[];
  readonly splits: readonly number[];
  readonly outcomes: readonly number[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
  /** Steps after which a leaf is reached for sure. */
  readonly depth: number;
  /** What leaves say. */
  readonly leaves: readonly Leaf[];
}

export interface Leaf {
  readonly node: number;
  readonly target: number;
  readonly weight: number;
}

const refuse = (message: string, found: string, expected?: string): never => {
  throw new HeddleError('ONNX_INVALID', message, { found, expected });
};

class Nodes {
  readonly features: number[] = [];
  readonly splits: number[] = [];
  readonly outcomes: number[] = [];
  readonly yes: number[] = [];
  readonly no: number[] = [];

  /** A leaf, until it is given branches. */
  add(): number {
    const node = this.yes.length;
    this.features.push(0);
    this.splits.push(0);
    this.outcomes.push(0);
    this.yes.push(node);
    this.no.push(node);
    return node;
  }

  branch(node: number, feature: number, split: number, outcomes: number, yes: number, no: number): void {
    this.features[node] = feature;
    this.splits[node] = split;
    this.outcomes[node] = outcomes;
    this.yes[node] = yes;
    this.no[node] = no;
  }

  /** Throws ONNX_INVALID where a node is its own ancestor, LIMIT_EXCEEDED for trees that are too deep. */
  forest(roots: readonly number[], leaves: readonly Leaf[]): Forest {
    let depth = 0;
    let level = [...new Set(roots)];
    for (; ; depth++) {
      const next = level.filter((node) => this.yes[node] !== node).flatMap((node) => [this.yes[node], this.no[node]]); // prettier-ignore
      if (next.length === 0) break;
      if (depth >= this.yes.length) refuse('a tree of the ensemble has a cycle', `${depth} steps`);
      level = [...new Set(next)];
    }
    if (depth > MAX_DEPTH)
      throw new HeddleError('LIMIT_EXCEEDED', 'the trees are too deep', { found: `${depth}`, expected: `at most ${MAX_DEPTH}` }); // prettier-ignore
    const { features, splits, outcomes, yes, no } = this;
    return { roots, features, splits, outcomes, yes, no, depth, leaves };
  }
}

/** A list of as many numbers as there are nodes. */
function sized(name: string, values: readonly number[], count: number): readonly number[] {
  if (values.length !== count) refuse(`attribute ${name} has a number for each node`, `${values.length}`, `${count}`); // prettier-ignore
  return values;
}

/** Floats of an attribute, or of the tensor that stands for it. */
export function floatsOf({ attr }: NodeContext, name: string): readonly number[] {
  const tensor = attr.tensor(`${name}_as_tensor`);
  return tensor === undefined ? (attr.floats(name) ?? []) : toNumbers(tensor);
}

/** The trees of TreeEnsembleRegressor (`side` is target) and TreeEnsembleClassifier (class): nodes have ids in trees. */
export function forestById(ctx: NodeContext, side: 'target' | 'class'): Forest {
  const { attr } = ctx;
  const ints = (name: string): readonly number[] => attr.ints(name, []);
  const [trees, ids] = [ints('nodes_treeids'), ints('nodes_nodeids')];
  const count = trees.length;
  const own = (name: string): readonly number[] => sized(name, ints(name), count);
  sized('nodes_nodeids', ids, count);
  const modes = attr.strings('nodes_modes') ?? [];
  if (modes.length !== count) refuse('attribute nodes_modes has a name for each node', `${modes.length}`, `${count}`); // prettier-ignore
  const [features, yes, no] = ['nodes_featureids', 'nodes_truenodeids', 'nodes_falsenodeids'].map(own);
  const splits = sized('nodes_values', floatsOf(ctx, 'nodes_values'), count);
  const missing = ints('nodes_missing_value_tracks_true');
  const nodes = new Nodes();
  const places = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const key = `${trees[i]} ${ids[i]}`;
    if (places.has(key)) refuse('two nodes of a tree have one id', `node ${ids[i]} of tree ${trees[i]}`);
    places.set(key, nodes.add());
  }
  const place = (tree: number, id: number): number =>
    places.get(`${tree} ${id}`) ?? refuse('a tree has no such node', `node ${id} of tree ${tree}`);
  const children = new Set<number>();
  modes.forEach((mode, i) => {
    if (mode === 'LEAF') return;
    if (!Object.hasOwn(MODES, mode)) refuse('a node has no such mode', mode, [...Object.keys(MODES), 'LEAF'].join(', ')); // prettier-ignore
    const outcomes = MODES[mode as keyof typeof MODES] | (missing[i] ? UNORDERED : 0);
    const [left, right] = [place(trees[i], yes[i]), place(trees[i], no[i])];
    children.add(left).add(right);
    nodes.branch(i, features[i], splits[i], outcomes, left, right);
  });
  const roots = trees.flatMap((_, i) => (children.has(i) ? [] : [i]));
  if (roots.length < new Set(trees).size)
    refuse('a tree of the ensemble has a cycle', 'a tree without a root');
  const [at, targets] = [ints(`${side}_treeids`), ints(`${side}_ids`)];
  const [leafIds, weights] = [ints(`${side}_nodeids`), floatsOf(ctx, `${side}_weights`)];
  for (const [name, list] of [
    ['nodeids', leafIds],
    ['ids', targets],
    ['weights', weights],
  ] as const)
    // prettier-ignore
    sized(`${side}_${name}`, list, at.length);
  const leaves = at.map((tree, i) => ({
    node: place(tree, leafIds[i]),
    target: targets[i],
    weight: weights[i],
  }));
  return nodes.forest(roots, leaves);
}

/** The trees of TreeEnsemble, whose nodes and leaves are numbered each for themselves. */
export function forestByIndex(ctx: NodeContext): Forest {
  const { attr } = ctx;
  const ints = (name: string): readonly number[] => attr.required(name, attr.ints(name));
  const tensor = (name: string): readonly number[] => toNumbers(attr.required(name, attr.tensor(name)));
  const [features, modes] = [ints('nodes_featureids'), tensor('nodes_modes')];
  const count = features.length;
  const [yes, no, yesLeaf, noLeaf] = ['nodes_truenodeids', 'nodes_falsenodeids', 'nodes_trueleafs', 'nodes_falseleafs'].map((name) => sized(name, ints(name), count)); // prettier-ignore
  const splits = sized('nodes_splits', tensor('nodes_splits'), count);
  sized('nodes_modes', modes, count);
  const missing = attr.ints('nodes_missing_value_tracks_true', []);
  const [targets, weights] = [ints('leaf_targetids'), tensor('leaf_weights')];
  sized('leaf_weights', weights, targets.length);
  const members = setsOf(attr.tensor('membership_values'));
  const nodes = new Nodes();
  for (let i = 0; i < count + targets.length; i++) nodes.add();
  const child = (index: number, isLeaf: number): number => {
    const limit = isLeaf ? targets.length : count;
    if (!(index >= 0 && index < limit)) refuse('a child of a node does not exist', `${index}`, `0 to ${limit - 1}`); // prettier-ignore
    return isLeaf ? count + index : index;
  };
  modes.forEach((mode, i) => {
    const [left, right] = [child(yes[i], yesLeaf[i]), child(no[i], noLeaf[i])];
    const onNaN = missing[i] ? UNORDERED : 0;
    if (mode !== MEMBER) {
      const outcomes = CODES[mode] ?? refuse('a node has no such mode', `${mode}`, '0 to 6');
      nodes.branch(i, features[i], splits[i], outcomes | onNaN, left, right);
      return;
    }
    // A member of a set equals one of its elements: a node for each.
    const set = members.shift() ?? refuse('a set of membership_values is missing', `node ${i}`);
    let node = i;
    set.forEach((value, j) => {
      const rest = j === set.length - 1 ? right : nodes.add();
      nodes.branch(node, features[i], value, EQUAL | onNaN, left, rest);
      node = rest;
    });
    if (set.length === 0) nodes.branch(i, features[i], 0, onNaN, left, right);
  });
  const leaves = targets.map((target, i) => ({ node: count + i, target, weight: weights[i] }));
  return nodes.forest(ints('tree_roots').map((root) => child(root, 0)), leaves); // prettier-ignore
}

/** Sets that a NaN ends each. */
function setsOf(values: ReturnType<NodeContext['attr']['tensor']>): number[][] {
  const sets: number[][] = [];
  let open: number[] = [];
  for (const value of values === undefined ? [] : toNumbers(values))
    if (Number.isNaN(value)) {
      sets.push(open);
      open = [];
    } else open.push(value);
  return open.length === 0 ? sets : [...sets, open];
}
