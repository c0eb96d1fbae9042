/**
 * Sequences and optional values. They are resolved while importing: a sequence is a list of values whose length is known, an
 * optional value is the value.
 */
import { normalizeAxis } from '../../../compose/axes.js';
import { concat, split, unsqueeze } from '../../../compose/movement.js';
import type { NodeContext } from '../context.js';
import { dtypeOfCode, type OnnxDType } from '../dtype.js';
import { fromNumbers, int64Tensor } from '../host.js';
import { SPELLED_NODES } from '../limits.js';
import type { OpEntry, OpTable, Result, SequenceResult } from '../registry.js';
import { graphValue, type OnnxValue } from '../value.js';
import { resultOf } from '../handover.js';
import { elementTypeOf } from '../sequence-ports.js';

function elementsOf(ctx: NodeContext, i: number): readonly OnnxValue[] {
  const { elements, name } = ctx.input(i);
  return (
    elements ??
    ctx.fail('ONNX_INVALID', `input ${i} is not a sequence`, { found: `"${name}"`, expected: 'a sequence' })
  );
}

const sequence = (dtype: OnnxDType, elements: readonly OnnxValue[]): SequenceResult => ({ dtype, elements });

/** A position in [0, count), known; of a negative one the distance from the end. */
function positionOf(ctx: NodeContext, i: number, count: number): number {
  const given = ctx.optionalNumber(i)!;
  const position = given < 0 ? given + count : given;
  if (!(position >= 0 && position < count))
    ctx.fail('ONNX_INVALID', 'the position is not in the sequence', {
      found: `${given}`,
      expected: `${-count} to ${count - 1}`,
    });
  return position;
}

function construct(ctx: NodeContext): Result {
  ctx.inputs.forEach((_, i) => ctx.input(i));
  return sequence(ctx.input(0).dtype, ctx.inputs as readonly OnnxValue[]);
}

function empty(ctx: NodeContext): Result {
  const code = ctx.attr.int('dtype');
  return sequence(code === undefined ? 'float' : dtypeOfCode(code, 'attribute dtype'), []);
}

function at(ctx: NodeContext): Result {
  const elements = elementsOf(ctx, 0);
  return resultOf(elements[positionOf(ctx, 1, elements.length)]);
}

/** Before the element at a position; at the end where none is given. */
function insert(ctx: NodeContext): Result {
  const elements = elementsOf(ctx, 0);
  const count = elements.length;
  const position =
    ctx.inputs[2] === undefined || ctx.optionalNumber(2) === count ? count : positionOf(ctx, 2, count);
  return sequence(ctx.input(0).dtype, elements.toSpliced(position, 0, ctx.input(1)));
}

function erase(ctx: NodeContext): Result {
  const elements = elementsOf(ctx, 0);
  const last = elements.length - 1;
  if (last < 0) ctx.fail('ONNX_INVALID', 'nothing can be erased from an empty sequence');
  const position = ctx.inputs[1] === undefined ? last : positionOf(ctx, 1, elements.length);
  return sequence(ctx.input(0).dtype, elements.toSpliced(position, 1));
}

/** Pieces of the given sizes, of one size with a smaller last one, or of single elements. */
function splitToSequence(ctx: NodeContext): Result {
  const { b } = ctx;
  const { dtype, shape } = ctx.input(0);
  const axis = normalizeAxis(ctx.attr.int('axis', 0), shape.length);
  const [extent] = ctx.extents([shape[axis]]) as [number];
  const given = ctx.inputs[1];
  const [size] = given?.shape.length === 0 ? ctx.knownInts(1) : [1];
  if (!(size >= 1)) ctx.fail('ONNX_INVALID', 'pieces have at least one element', { found: `${size}` });
  const count = Math.ceil(extent / size);
  if (count > SPELLED_NODES)
    ctx.fail('LIMIT_EXCEEDED', 'the sequence is too long', { found: `${count}`, expected: `at most ${SPELLED_NODES}` }); // prettier-ignore
  const sizes =
    given !== undefined && given.shape.length > 0
      ? ctx.knownInts(1)
      : Array.from({ length: count }, (_, i) => Math.min(size, extent - i * size));
  const drops = given === undefined && !ctx.attr.flag('keepdims', true);
  const pieces = split(b, ctx.value(0), axis, sizes).map((piece) =>
    drops ? b.reshape(piece, shape.toSpliced(axis, 1)) : piece,
  );
  return sequence(
    dtype,
    pieces.map((piece, i) => graphValue(`${ctx.node.output[0]}[${i}]`, dtype, piece)),
  );
}

function concatFromSequence(ctx: NodeContext): Result {
  const { b } = ctx;
  const elements = elementsOf(ctx, 0);
  const given = ctx.attr.required('axis', ctx.attr.int('axis'));
  if (elements.length === 0) return ctx.fail('ONNX_INVALID', 'an empty sequence has no shape');
  const rank = elements[0].shape.length;
  const stacks = ctx.attr.flag('new_axis', false);
  const axis = normalizeAxis(given, stacks ? rank + 1 : rank);
  const parts = elements.map(({ value }) => (stacks ? unsqueeze(b, value, [axis]) : value));
  return concat(b, parts, axis);
}

/** The outputs of the body for each element, as sequences; inputs that are no sequences are the same for all. */
function map(ctx: NodeContext): readonly Result[] {
  const count = elementsOf(ctx, 0).length;
  const others = ctx.inputs.map((_, i) => ctx.input(i));
  const uneven = others.find(({ elements }) => elements !== undefined && elements.length !== count);
  if (uneven !== undefined)
    ctx.fail('ONNX_INVALID', 'the sequences differ in length', {
      found: `${uneven.elements!.length} elements of "${uneven.name}"`,
      expected: `${count}`,
    });
  const trips = Array.from({ length: count }, (_, k) =>
    ctx.importGraph(
      'body',
      others.map((input) => input.elements?.[k] ?? input),
    ),
  );
  return ctx.node.output.map((_, i) =>
    sequence(
      trips[0]?.[i]?.dtype ?? 'float',
      trips.map((made) => made[i]),
    ),
  );
}

/** An optional value is its value, or none of a type that an attribute gives. */
function optional(ctx: NodeContext): Result {
  if (ctx.inputs[0] !== undefined) return resultOf(ctx.input(0));
  const bytes = ctx.attr.required('type', ctx.attr.type('type'));
  return { dtype: elementTypeOf(bytes, 'attribute type'), isAbsent: true };
}

const entry = (op: string, since: readonly number[], emit: OpEntry['emit']): OpEntry => ({
  op,
  since,
  emit,
  sequences: true,
});

export const sequences: OpTable = [
  entry('SequenceConstruct', [11], construct),
  entry('SequenceEmpty', [11], empty),
  entry('SequenceAt', [11], at),
  entry('SequenceInsert', [11], insert),
  entry('SequenceErase', [11], erase),
  entry('SequenceLength', [11], (ctx) => int64Tensor([], [elementsOf(ctx, 0).length])),
  entry('SplitToSequence', [11, 24], splitToSequence),
  entry('ConcatFromSequence', [11], concatFromSequence),
  { ...entry('SequenceMap', [17], map), holdsGraphs: true },
  entry('Optional', [15], optional),
  entry('OptionalGetElement', [15, 18], (ctx) => resultOf(ctx.input(0))),
  entry('OptionalHasElement', [15, 18], (ctx) =>
    fromNumbers('bool', [], [ctx.inputs[0] === undefined || ctx.inputs[0].isAbsent ? 0 : 1]),
  ),
];
