/** Elements in other places: shapes, slices, pieces, and elements picked by index. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { isAnyNumber, isListOf } from '../../base/values.js';
import { checkNumber, checkShape, checkWord, refuse } from '../arguments.js';
import { checkDType } from './dtype.js';
import * as compose from '../../compose/index.js';
import { SCATTER_KINDS, type ScatterKind } from '../../ir/ops.js';
import { printType, staticShape } from '../../ir/types.js';
import { exprOf, named, TensorCore, type Operand } from './core.js';
import { axisOf, Reductions, type SortOptions } from './reductions.js';

/** One axis of {@link Movement.slice}: [start, end, step], Python's; null takes the whole axis. */
export type Range = readonly [start?: number | null, end?: number | null, step?: number] | null;

export abstract class Movement extends Reductions {
  // -- shapes --

  /** The same elements in another shape; one extent may be -1, which is then computed. */
  reshape(...shape: readonly number[] | readonly [readonly number[]]): this {
    const wanted = extentsOf('reshape', shape);
    return this.apply('reshape', [], (b, x) => b.reshape(x, resolveShape(wanted, this.size)));
  }
  /** One axis from `start` to `end` (included). */
  flatten(start = 0, end = -1): this {
    const { shape } = this;
    const [from, to] = named('flatten', () => [start, end].map((axis) => compose.normalizeAxis(axis, shape.length))); // prettier-ignore
    const merged = shape.slice(from, to + 1).reduce((n, extent) => n * extent, 1);
    return this.reshape([...shape.slice(0, from), merged, ...shape.slice(to + 1)]);
  }
  /** Axis i of the result is axis permutation[i] of this; all axes reversed where none is given. */
  permute(...permutation: readonly number[] | readonly [readonly number[]]): this {
    const given = extentsOf('permute', permutation);
    const axes = named('permute', () => given.map((axis) => compose.normalizeAxis(axis, this.rank)));
    return this.apply('permute', [], (b, x) => compose.transpose(b, x, axes.length === 0 ? undefined : axes));
  }
  /** Two axes exchanged; the last two by default. */
  transpose(first = -2, second = -1): this {
    return this.apply('transpose', [], (b, x) => {
      const axes = compose.range(0, x.type.shape.length);
      const [i, k] = [axisOf(x, first), axisOf(x, second)];
      [axes[i], axes[k]] = [axes[k], axes[i]];
      return b.permute(x, axes);
    });
  }
  /** Without axes of extent 1: the named ones, or all. */
  squeeze(axis?: number | readonly number[]): this {
    const axes =
      axis === undefined
        ? undefined
        : named('squeeze', () => Array.from(listed(axis), (a) => compose.normalizeAxis(a, this.rank)));
    return this.apply('squeeze', [], (b, x) => compose.squeeze(b, x, axes));
  }
  /** With an axis of extent 1 at place `axis` of the result. */
  unsqueeze(axis: number): this {
    return this.apply('unsqueeze', [], (b, x) => compose.unsqueeze(b, x, [axis]));
  }
  broadcastTo(...shape: readonly number[] | readonly [readonly number[]]): this {
    return this.apply('broadcastTo', [], (b, x) =>
      compose.broadcastTo(b, x, extentsOf('broadcastTo', shape)),
    );
  }
  /** Laid out repeats[i] times along axis i. */
  tile(...repeats: readonly number[] | readonly [readonly number[]]): this {
    const counts = extentsOf('tile', repeats);
    return this.apply('tile', [], (b, x) => {
      if (counts.length !== x.type.shape.length)
        throw new HeddleError('ATTRIBUTE_INVALID', 'tile takes one number for each axis', {
          found: `${counts.length} for ${printType(x.type)}`,
        });
      return compose.tile(b, x, counts);
    });
  }
  /** Every element `count` times along `axis`, one after the other. */
  repeat(count: number, axis: number): this {
    return this.apply('repeat', [], (b, x) => {
      const at = axisOf(x, axis);
      if (!Number.isSafeInteger(count) || count < 0)
        refuse('repeat', 'a number of copies is an integer', count, '2, for example');
      return compose.repeatEach(
        b,
        x,
        x.type.shape.map((_, i) => (i === at ? count : 1)),
      );
    });
  }
  /** `low` and `high` elements of `value` before and after each axis; negative amounts cut off. */
  pad(widths: readonly (readonly [low: number, high: number])[], value = 0): this {
    if (!isListOf(widths, isPair)) refuse('pad', 'widths are pairs of numbers', widths, '[[1, 1], [0, 2]]: [low, high] for each axis'); // prettier-ignore
    checkNumber('pad', 'value', value);
    const padding = { low: widths.map(([low]) => low), high: widths.map(([, high]) => high) };
    return this.apply('pad', [], (b, x) => {
      if (widths.length !== x.type.shape.length)
        throw new HeddleError('ATTRIBUTE_INVALID', 'pad takes one [low, high] for each axis', {
          found: `${widths.length} for ${printType(x.type)}`,
        });
      exprOf(value, x.type.dtype);
      return compose.padConstant(b, x, padding, value);
    });
  }
  /** Axes the other way round; all where none is named. */
  flip(axis?: number | readonly number[]): this {
    return this.apply('flip', [], (b, x) => {
      const axes = axis === undefined ? compose.range(0, x.type.shape.length) : listed(axis);
      return b.emit('reverse', [x], { axes: compose.normalizeAxes(axes, x.type.shape.length) });
    });
  }

  // -- slices and pieces --

  /** x[ranges[0], ranges[1], ...], each as Python's start:end:step. Axes that are not named are whole. */
  slice(...ranges: readonly Range[]): this {
    return this.apply('slice', [], (b, x) => {
      if (ranges.length > x.type.shape.length)
        throw new HeddleError('SHAPE_MISMATCH', 'more ranges than axes', {
          found: `${ranges.length} ranges of ${printType(x.type)}`,
        });
      const slices = ranges.flatMap((range, axis) => {
        if (range === null) return [];
        if (!isListOf(range, isBound) || range.length > 3)
          refuse('slice', 'a range is a list of start, end and step', range, '[start, end, step], or null');
        const [start, end, step = 1] = range;
        const from = start ?? (step > 0 ? 0 : Number.MAX_SAFE_INTEGER);
        const to = end ?? (step > 0 ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER);
        return [{ axis, start: from, end: to, step }];
      });
      return compose.pythonSlice(b, x, slices);
    });
  }
  /** Element `index` of `axis`, which goes. Negative indices count from the end; throws where there is none. */
  at(index: number, axis = 0): this {
    return this.apply('at', [], (b, x) => {
      const along = axisOf(x, axis);
      const extent = Number(x.type.shape[along]);
      if (typeof index !== 'number') refuse('at', 'an index is a number', index, '0, 1, ..., or -1, ...');
      const place = index < 0 ? index + extent : index;
      if (!Number.isInteger(index) || place < 0 || place >= extent)
        throw new HeddleError('ATTRIBUTE_INVALID', 'the index is out of range', {
          found: `${index} on axis ${along} of ${printType(x.type)}`,
          expected: `an integer from ${-extent} to ${extent - 1}`,
        });
      return compose.squeeze(b, compose.sliceAxis(b, x, along, place, 1), [along]);
    });
  }
  /** Pieces along `axis`: so many equal ones, or of the given sizes, which fill the axis. */
  split(pieces: number | readonly number[], axis = 0): this[] {
    const extent = this.shape[named('split', () => compose.normalizeAxis(axis, this.rank))];
    const sizes = piecesOf(pieces, extent);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let end = 0;
    return sizes.map((size) => {
      end += size;
      return this.apply('split', [], (b, x) => {
        if (total !== extent || sizes.some((n) => !Number.isInteger(n) || n < 0))
          throw new HeddleError('ATTRIBUTE_INVALID', 'the pieces do not fill the axis', {
            found: `${sizes.join(' + ')} of ${extent}`,
          });
        return compose.sliceAxis(b, x, axisOf(x, axis), end - size, size);
      });
    });
  }

  // -- by index --

  /**
   * Elements of `axis` at `indices` (i32, any shape, which takes the place of the axis). Indices out of range are clamped
   * to it.
   */
  gather(indices: TensorCore, axis = 0): this {
    return this.apply('gather', [indices], (b, x, i) => b.emit('gather', [x, i], { axis: axisOf(x, axis) }));
  }
  /**
   * Rows of axis 0 replaced by, or combined with, `updates`: row indices[k] with updates[k], in the order of k. Indices
   * (i32 [K]) out of range are dropped. Throws USAGE for another kind than `set`, `add`, `mul`, `min` and `max`.
   */
  scatter(indices: TensorCore, updates: Operand, kind: ScatterKind = 'set'): this {
    checkWord('scatter', kind, SCATTER_KINDS);
    return this.apply('scatter', [indices, updates], (b, x, i, u) => {
      const shape = [...i.type.shape, ...x.type.shape.slice(1)];
      return b.emit('scatter', [x, i, compose.broadcastTo(b, u, shape)], { kind });
    });
  }
  /**
   * This, with `update` along `axis` from `start` on: a whole number, which is no place from the end where it is negative, or an i32 tensor
   * without axes. Elements of the update that fall outside are dropped. A jitted function that gives this up (`donate`), or a loop that
   * carries it, writes only what is replaced, where it is updated once.
   */
  updateSlice(update: TensorCore, start: TensorCore | number, axis = 0): this {
    if (!(start instanceof TensorCore) && !Number.isInteger(start))
      refuse('updateSlice', 'start is no place', start, 'an integer, or an i32 tensor without axes');
    const from = named('updateSlice', () => exprOf(start, 'i32', [], 'updateSlice'));
    return this.apply('updateSlice', [update], (b, x, u) =>
      b.emit('updateSlice', [x, u, from], { axis: axisOf(x, axis) }),
    );
  }
  /** Elements along `axis` picked one by one: result[.., k, ..] = this[.., indices[.., k, ..], ..]. Clamped as gather. */
  takeAlongAxis(indices: TensorCore, axis = -1): this {
    return this.apply('takeAlongAxis', [indices], (b, x, i) =>
      compose.takeAlongAxis(b, x, i, axisOf(x, axis)),
    );
  }
  /** Sorted along `axis`. Equal elements keep their order; NaN comes last, or first if descending. */
  sort(axis = -1, options?: SortOptions): this {
    return this.takeAlongAxis(this.sorted('sort', axis, options), axis);
  }
  /**
   * The k greatest along `axis` in falling order, and their i32 places; the first among equals comes first. Throws
   * ATTRIBUTE_INVALID where there are less than k.
   */
  topk<T extends Movement>(this: T, k: number, axis = -1): { readonly values: T; readonly indices: T } {
    const along = named('topk', () => axisOf(this.exprFor('topk'), axis));
    const extent = this.shape[along];
    if (!Number.isInteger(k) || k < 0 || k > extent)
      named('topk', () => {
        throw new HeddleError('ATTRIBUTE_INVALID', 'k is out of range', {
          found: `${describeValue(k)} of ${extent}, on axis ${along} of ${printType(this.expr.type)}`,
          expected: `an integer from 0 to ${extent}`,
        });
      });
    const ranges = this.shape.map((_, i): Range => (i === along ? [0, k] : null));
    const indices = this.argsort(along, { descending: true }).slice(...ranges);
    return { values: this.takeAlongAxis(indices, along), indices };
  }
  /** [..., classes] of 0 and 1 in `dtype`: 1 where the class is the element. Elements out of range give zeros. */
  oneHot(classes: number, dtype: 'f32' | 'f16' | 'i32' | 'u32' = 'f32'): this {
    return this.apply('oneHot', [], (b, x) => {
      checkDType(dtype);
      if (!Number.isSafeInteger(classes) || classes < 0)
        refuse('oneHot', 'a number of classes is an integer', classes, '10, for example');
      const shape = [...staticShape(x.type.shape), classes];
      const places = b.emit('iota', [], { dtype: 'i32', shape, axis: shape.length - 1 });
      const element = b.broadcast(b.reshape(b.cast(x, 'i32'), [...shape.slice(0, -1), 1]), shape);
      return b.cast(b.binary('eq', element, places), dtype);
    });
  }
}

/** Tensors that {@link Movement.split} makes. */
const MAX_PIECES = 100_000;

function limitPieces(count: number): void {
  if (!(count > MAX_PIECES)) return;
  named('split', () => {
    throw new HeddleError('LIMIT_EXCEEDED', 'each piece is a tensor of its own, and these are too many', {
      found: `${count} pieces`,
      expected: `at most ${MAX_PIECES}`,
      hint: 'reshape gives the pieces an axis of their own; vmap and scan go over axes',
    });
  });
}

const isPair = (value: unknown): boolean => isListOf(value, isAnyNumber) && value.length === 2;

/** One axis, or a list of them. */
const listed = (axes: number | readonly number[]): readonly number[] =>
  Array.isArray(axes) ? (axes as readonly number[]) : [axes as number];

/** What may stand in a range. */
const isBound = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'number' && !Number.isNaN(value));

/** The extents of pieces. Throws USAGE for what are no numbers, ATTRIBUTE_INVALID for more pieces than elements. */
function piecesOf(pieces: number | readonly number[], extent: number): readonly number[] {
  if (isAnyNumber(pieces) || Array.isArray(pieces)) limitPieces(isAnyNumber(pieces) ? pieces : pieces.length);
  if (!isAnyNumber(pieces)) {
    if (!isListOf(pieces, isAnyNumber))
      refuse('split', 'pieces are a number, or a list of extents', pieces, '3, or [2, 1]');
    return pieces;
  }
  if (!Number.isInteger(pieces) || pieces < 1 || pieces > Math.max(1, extent))
    named('split', () => {
      throw new HeddleError('ATTRIBUTE_INVALID', 'an axis cannot be split into so many pieces', {
        found: `${pieces} pieces of ${extent} elements`,
        expected: `an integer from 1 to ${Math.max(1, extent)}`,
      });
    });
  return new Array<number>(pieces).fill(extent / pieces);
}

/** Throws USAGE for what are no numbers: x.reshape('4') would be 4 of something. */
function extentsOf(call: string, list: readonly (number | readonly number[])[]): readonly number[] {
  // Flattened, a list loses its holes.
  for (const part of list) if (Array.isArray(part)) checkShape(call, part);
  const extents = list.flat();
  checkShape(call, extents);
  return extents;
}

/** Throws SHAPE_MISMATCH where the extents are not those of `size` elements, or leave no integer for the one that is not given. */
function resolveShape(shape: readonly number[], size: number): number[] {
  const known = shape.reduce((n, extent) => (extent === -1 ? n : n * extent), 1);
  const open = shape.filter((extent) => extent === -1).length;
  const isExact = open === 0 && shape.every((extent) => Number.isInteger(extent) && extent >= 0);
  if (isExact && known !== size)
    throw new HeddleError('SHAPE_MISMATCH', 'the elements do not fill that shape', {
      expected: `a shape of ${size} elements: [${shape.join(', ')}] has ${known}`,
    });
  if (open > 1 || (open === 1 && size % known !== 0 && known > 0))
    throw new HeddleError('SHAPE_MISMATCH', 'the elements do not fill that shape', {
      expected: `${size} elements in [${shape.join(', ')}]${open > 1 ? ', with at most one -1' : ''}`,
    });
  return shape.map((extent) => (extent === -1 ? size / known : extent));
}
