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
      readonly keys: readonly string[];
      readonly items: readonly Structure[];
    }
  | { readonly kind: 'static'; readonly value: unknown };

export interface Flat<L> {
  readonly leaves: readonly L[];
  readonly structure: Structure;
  /** Where each leaf stands: `layers.0.weight`. */
  readonly paths: readonly string[];
}

const LEAF: Structure = { kind: 'leaf' };

/** The leaves of `tree` in order, and what else it is made of. */
export function flatten<L>(tree: unknown, isLeaf: (value: unknown) => value is L): Flat<L> {
  const leaves: L[] = [];
  const paths: string[] = [];
  const visit = (value: unknown, path: string): Structure => {
    if (isLeaf(value)) {
      leaves.push(value);
      paths.push(path);
      return LEAF;
    }
    const child = (key: string | number): string => (path === '' ? `${key}` : `${path}.${key}`);
    if (Array.isArray(value))
      return { kind: 'list', items: value.map((item: unknown, i) => visit(item, child(i))) };
    if (!isNode(value)) return { kind: 'static', value };
    const keys = Object.keys(value);
    const items = keys.map((key) => visit(value[key], child(key)));
    return { kind: 'record', prototype: Object.getPrototypeOf(value) as object | null, keys, items };
  };
  const structure = visit(tree, '');
  return { leaves, structure, paths };
}

/** Whether a value is an object with children; arrays are seen to apart. */
export function isNode(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || TREE_NODE in value;
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
        part.keys.forEach((key, i) => (made[key] = build(part.items[i])));
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
  const at = firstDifference(found, expected, '');
  if (at === undefined) return;
  throw new HeddleError('TREE_MISMATCH', what, { found: at.found, expected: at.expected, where: at.path });
}

interface Parting {
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

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
