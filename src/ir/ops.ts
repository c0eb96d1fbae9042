/**
 * The closed op set. Everything else (softmax, layer norm, pooling, attention, ...) is composed from these by
 * src/compose. What an op is stands in the file of its family: its attributes, its type rule, its traits. Each layer keeps one
 * exhaustive table over {@link Op}; the type checker says what a new op still lacks.
 *
 * Scalar ops apply element by element to operands of one and the same shape: broadcasting is always explicit.
 */
import { CONTRACTION, LEGAL_OPS, type ContractionAttrs, type LegalOp } from './ops/contraction.js';
import { tableOf, type AttrKind, type Family, type OpFacts, type Traits } from './ops/family.js';
import { INDEXING, type IndexingAttrs } from './ops/indexing.js';
import {
  DERIVATIVE_OPS,
  IDENTITY_OPS,
  INDEX_MAPS,
  MOVEMENT,
  type IdentityOp,
  type MovementAttrs,
  type ViewOp,
} from './ops/movement.js';
import { REDUCTION, type ReductionAttrs } from './ops/reduction.js';
import { SUBGRAPH, type SubgraphAttrs } from './ops/subgraph.js';
import {
  BINARY_OPS,
  COMPARE_OPS,
  SCALAR,
  UNARY_OPS,
  type BinaryOp,
  type CompareOp,
  type ScalarAttrs,
  type UnaryOp,
} from './ops/scalar.js';
import { SOURCE, type SourceAttrs } from './ops/source.js';

export type { LegalOp } from './ops/contraction.js';
export { tableOf, type AttrKind, type OpClass, type Policy, type Traits } from './ops/family.js';
export { SCATTER_KINDS, type ScatterKind } from './ops/indexing.js';
export { DERIVATIVE_OPS, IDENTITY_OPS, type IdentityOp, type ViewOp } from './ops/movement.js';
export { MAX_TRIPS, type Subgraph } from './ops/subgraph.js';
export { REDUCERS, type Reducer } from './ops/reduction.js';
export {
  BINARY_OPS,
  COMPARE_OPS,
  UNARY_OPS,
  type BinaryOp,
  type CompareOp,
  type UnaryOp,
} from './ops/scalar.js';

/** Attributes by op. */
export type OpAttrs = SourceAttrs &
  ScalarAttrs &
  MovementAttrs &
  ReductionAttrs &
  ContractionAttrs &
  IndexingAttrs &
  SubgraphAttrs;
export type Op = keyof OpAttrs;
/** The ops that programs are made of, until the legal stage. */
export type CanonicalOp = Exclude<Op, LegalOp>;

const FACTS: Family<OpAttrs> = {
  ...SCALAR,
  ...SOURCE,
  ...MOVEMENT,
  ...REDUCTION,
  ...CONTRACTION,
  ...INDEXING,
  ...SUBGRAPH,
};

export const OPS = Object.keys(FACTS) as readonly Op[];
export const isOp = (text: string): text is Op => Object.hasOwn(FACTS, text);

export const factsOf = <K extends Op>(op: K): OpFacts<OpAttrs[K]> => FACTS[op];
export const traitsOf = (op: Op): Traits => FACTS[op].traits;

/** The kinds of the attributes of an op, by name. */
export const attrKinds = (op: Op): Readonly<Record<string, AttrKind>> => FACTS[op].attrs;

const ATTR_NAMES = tableOf(OPS, (op) => Object.keys(attrKinds(op)));

/** The names of the attributes of an op, always in the same order. */
export const attrNames = (op: Op): readonly string[] => ATTR_NAMES[op];

/** The names of the attributes that are shapes. */
export const shapeAttrs = (op: Op): readonly string[] =>
  attrNames(op).filter((name) => attrKinds(op)[name] === 'shape');

const has = (list: readonly string[], op: string): boolean => list.includes(op);
export const isUnary = (op: Op): op is UnaryOp => has(UNARY_OPS, op);
export const isIdentity = (op: Op): op is IdentityOp => has(IDENTITY_OPS, op);
export const isBinary = (op: Op): op is BinaryOp => has(BINARY_OPS, op);
export const isCompare = (op: Op): op is CompareOp => has(COMPARE_OPS, op);
export const isCanonical = (op: Op): op is CanonicalOp => !has(LEGAL_OPS, op);
export const CANONICAL_OPS = OPS.filter(isCanonical);
export const isForDerivatives = (op: Op): boolean => has(DERIVATIVE_OPS, op);
export const isRematMark = (op: Op): op is 'rematBegin' | 'rematEnd' =>
  op === 'rematBegin' || op === 'rematEnd';
/** Whether every element of the result is one of an operand, wherever it stands there. */
export const isMovement = (op: Op): op is ViewOp | 'concat' => isView(op) || op === 'concat';
export const isView = (op: Op): op is ViewOp => Object.hasOwn(INDEX_MAPS, op);
