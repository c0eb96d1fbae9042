/**
 * Trees: arrays, plain objects and modules, nested to any depth, with tensors at the leaves. Everything else in them
 * (numbers, strings, functions, objects of other classes) is static: part of the structure, equal by identity.
 */
import { HeddleError } from '../../base/errors.js';

/** Marks classes whose instances are nodes of trees; their fields are the children. */
export const TREE_NODE = Symbol.for('heddle.treeNode');

export type Structure =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'list'; readonly items: readonly Structure[] }
  | {
      readonly kind: 'record';
      readonly prototype: object | null;
      /** In the order of the leaves; see {@link keysOf}. */
      readonly keys: readonly string[];
      readonly items: readonly Structure[];
      /** The keys as they stood in the object, which is not part of what makes two trees equal. */
      readonly written: readonly string[];
    }
  | { readonly kind: 'static'; readonly value: unknown };

export interface Flat<L> {
  readonly leaves: readonly L[];
  readonly structure: Structure;
  /** Where each leaf stands: `layers.0.weight`. */
  readonly paths: readonly string[];
}

const LEAF: Structure = { kind: 'leaf' };

/** Levels of a tree. */
const DEEPEST = 500;

/** Lists, objects, tensors and other values of a tree, each counted as often as it stands there. */
const MOST_NODES = 2 ** 20;

/**
 * The leaves of `tree` in order, and what else it is made of. `checkField` sees what is static in modules, and throws where
 * it must not be. Throws TREE_MISMATCH where two leaves have one path (dots in keys join as nesting does), or where the tree
 * contains itself; LIMIT_EXCEEDED where it is deeper than 500 levels, or has more than 2^20 values.
 */
export function flatten<L>(
  tree: unknown,
  isLeaf: (value: unknown) => value is L,
  checkField: (value: unknown, path: string) => void,
): Flat<L> {
  const leaves: L[] = [];
  const paths: string[] = [];
  let ambiguous = false;
  let nodes = 0;
  const visit = (value: unknown, path: string, depth: number, inModule: boolean): Structure => {
    if (depth > DEEPEST) refuseDeep(tree, path);
    if (++nodes > MOST_NODES) refuseLarge();
    if (isLeaf(value)) {
      leaves.push(value);
      paths.push(path);
      return LEAF;
    }
    const child = (key: string | number): string => (path === '' ? `${key}` : `${path}.${key}`);
    if (Array.isArray(value))
      return {
        kind: 'list',
        items: value.map((item: unknown, i) => visit(item, child(i), depth + 1, inModule)),
      };
    if (!isNode(value)) {
      if (inModule) checkField(value, path);
      return { kind: 'static', value };
    }
    const inside = inModule || TREE_NODE in value;
    const written = Object.keys(value);
    const keys = keysOf(value, written);
    const items = keys.map((key) => {
      ambiguous ||= key === '' || key.includes('.');
      return visit(value[key], child(key), depth + 1, inside);
    });
    return { kind: 'record', prototype: Object.getPrototypeOf(value) as object | null, keys, items, written };
  };
  const structure = visit(tree, '', 0, false);
  if (ambiguous) ensureDistinct(paths);
  return { leaves, structure, paths };
}

function refuseLarge(): never {
  throw new HeddleError('LIMIT_EXCEEDED', 'a tree has too many values', {
    found: `more than ${MOST_NODES} values`,
    expected: `at most ${MOST_NODES} values, each counted as often as it stands in the tree`,
    hint: 'put numbers in a tensor: tensor([1, 2, 3]); the limit is fixed',
  });
}

/** Tells trees that contain themselves from those that are only deep. `path` leads below what is allowed. */
function refuseDeep(tree: unknown, path: string): never {
  const found = `${path.slice(0, 60)}...`;
  const above = new Set<unknown>();
  let node = tree;
  for (const key of path.split('.')) {
    if (above.has(node)) throw new HeddleError('TREE_MISMATCH', 'a tree contains itself', { found });
    above.add(node);
    node = (node as Readonly<Record<string, unknown>> | undefined)?.[key];
  }
  throw new HeddleError('LIMIT_EXCEEDED', 'a tree is too deep', {
    found,
    expected: `at most ${DEEPEST} levels`,
    hint: 'lists and modules can stand beside each other; the limit is fixed',
  });
}

/**
 * The keys of a node in the order of its children: sorted in plain objects, so that `{ a, b }` and `{ b, a }` are one tree;
 * as they stand in modules and lists.
 */
export function keysOf(node: object, written: readonly string[] = Object.keys(node)): readonly string[] {
  const isSorted =
    Array.isArray(node) || TREE_NODE in node || written.every((key, i) => i === 0 || written[i - 1] < key);
  return isSorted ? written : written.toSorted(byCodeUnits);
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function ensureDistinct(paths: readonly string[]): void {
  const seen = new Set<string>();
  const twice = paths.find((path) => seen.size === seen.add(path).size);
  if (twice === undefined) return;
  throw new HeddleError('TREE_MISMATCH', 'two tensors of a tree have one path', {
    found: twice,
    hint: 'a dot in a key reads as nesting does: rename the key',
  });
}

/** Whether a value is an object with children; arrays are seen to apart. */
export function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || TREE_NODE in value;
}

/** For each leaf of a list, such as the arguments of a call, the item that it lies in. */
export function itemsOf({ structure }: Flat<unknown>): readonly number[] {
  const items = structure.kind === 'list' ? structure.items : [];
  return items.flatMap((item, i) => new Array<number>(leavesIn(item)).fill(i));
}

function leavesIn(part: Structure): number {
  if (part.kind === 'leaf') return 1;
  return part.kind === 'static' ? 0 : part.items.reduce((sum, item) => sum + leavesIn(item), 0);
}

/** A tree of `structure` with other leaves. */
export function unflatten(structure: Structure, leaves: readonly unknown[]): unknown {
  let next = 0;
  const build = (part: Structure): unknown => {
    switch (part.kind) {
      case 'leaf':
        return leaves[next++];
      case 'list':
        return part.items.map(build);
      case 'static':
        return part.value;
      case 'record': {
        const made = Object.create(part.prototype) as Record<string, unknown>;
        const children = part.items.map(build);
        if (part.written === part.keys) part.keys.forEach((key, i) => (made[key] = children[i]));
        else for (const key of part.written) made[key] = children[part.keys.indexOf(key)];
        return made;
      }
    }
  };
  return build(structure);
}

export function structuresEqual(a: Structure, b: Structure): boolean {
  if (a.kind === 'leaf') return b.kind === 'leaf';
  if (a.kind === 'static') return b.kind === 'static' && Object.is(a.value, b.value);
  if (b.kind !== a.kind || a.items.length !== b.items.length) return false;
  if (a.kind === 'record' && b.kind === 'record')
    if (a.prototype !== b.prototype || a.keys.some((key, i) => key !== b.keys[i])) return false;
  return a.items.every((item, i) => structuresEqual(item, b.items[i]));
}

/** Throws TREE_MISMATCH unless both have the same structure, saying where they part. */
export function ensureSameStructure(what: string, found: Structure, expected: Structure): void {
  const at = structureDifference(found, expected);
  if (at === undefined) return;
  throw new HeddleError('TREE_MISMATCH', what, { found: at.found, expected: at.expected, where: at.path });
}

/** Where two structures first differ, for messages. */
export interface Parting {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** Where `found` and `expected` first differ; undefined where they are equal. */
export const structureDifference = (found: Structure, expected: Structure): Parting | undefined =>
  firstDifference(found, expected, '');

function firstDifference(found: Structure, expected: Structure, path: string): Parting | undefined {
  const here = (): Parting => ({
    path: path === '' ? 'the whole' : path,
    found: describe(found),
    expected: describe(expected),
  });
  if (found.kind !== expected.kind) return here();
  if (found.kind === 'leaf' || found.kind === 'static')
    return structuresEqual(found, expected) ? undefined : here();
  if (expected.kind === 'leaf' || expected.kind === 'static' || describe(found) !== describe(expected))
    return here();
  for (let i = 0; i < found.items.length; i++) {
    const key = found.kind === 'record' ? found.keys[i] : `${i}`;
    const inner = firstDifference(found.items[i], expected.items[i], path === '' ? key : `${path}.${key}`);
    if (inner !== undefined) return inner;
  }
  return structuresEqual(found, expected) ? undefined : here();
}

function describe(part: Structure): string {
  switch (part.kind) {
    case 'leaf':
      return 'a tensor';
    case 'list':
      return `a list of ${part.items.length}`;
    case 'record':
      return `an object with ${part.keys.length === 0 ? 'no keys' : part.keys.join(', ')}`;
    case 'static':
      return textOf(part.value);
  }
}

/** A text that is equal for equal structures (and, because objects have no text, for some others). */
export function structureText(part: Structure): string {
  switch (part.kind) {
    case 'leaf':
      return '*';
    case 'list':
      return `[${part.items.map(structureText).join()}]`;
    case 'record':
      return `{${part.keys.map((key, i) => `${JSON.stringify(key)}:${structureText(part.items[i])}`).join()}}`;
    case 'static':
      return typeof part.value === 'object' || typeof part.value === 'function' ? '?' : textOf(part.value);
  }
}

/** A static value in a few characters; objects by their class. */
function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : `a ${value.constructor.name}`;
    case 'function':
      return `the function ${value.name}`;
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value);
    default:
      return String(value);
  }
}
