/** How weights are quantised: what shares a scale, and whether zero has a code of its own. */
import { HeddleError } from '../base/errors.js';
import { flag, integer, kind, oneOf } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { elementCount } from '../base/tensor.js';
import { isNumericType, NUMERIC_TYPE_NAMES, numericType, type NumericTypeName } from './types.js';

/** What has one scale: a tensor, a channel (all elements at one place of an axis), or a block of elements of a channel. */
export const GRANULARITIES = ['tensor', 'channel', 'block'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export interface QuantizeOptions {
  readonly type: NumericTypeName;
  /** Default: `block` for types of 4 bits, `channel` for the others. */
  readonly granularity?: Granularity;
  /** Elements of a block, a power of two from 8. Default: 64. */
  readonly blockSize?: number;
  /**
   * Of integers: whether the range of a group is that of its weights, and 0 has a code of its own in each (affine), or reaches
   * as far below 0 as above (symmetric; unsigned types have 0 in their middle). Default: false.
   */
  readonly zeroPoint?: boolean;
  /** The axis of channels. Default: 0; `quantizeProgram` takes that of the results of a product. */
  readonly axis?: number;
}

export interface Scheme {
  readonly type: NumericTypeName;
  readonly granularity: Granularity;
  readonly blockSize: number;
  readonly zeroPoint: boolean;
  readonly axis: number | undefined;
}

const BLOCK = 64;

export const isBlockSize = (size: unknown): boolean =>
  Number.isInteger(size) &&
  Number(size) >= 8 &&
  Number(size) <= 2 ** 16 &&
  Number.isInteger(Math.log2(Number(size)));

const OPTIONS: OptionTable<QuantizeOptions> = {
  type: { ...kind(`one of ${NUMERIC_TYPE_NAMES.join(', ')}`, isNumericType), required: true },
  granularity: oneOf(...GRANULARITIES),
  blockSize: kind('a power of two from 8 to 65536', isBlockSize),
  zeroPoint: flag,
  axis: integer,
};

/** The scheme of options. Throws USAGE. */
export function schemeOf(options: QuantizeOptions, where: string): Scheme {
  const {
    type,
    axis,
    zeroPoint = false,
    blockSize = BLOCK,
    ...rest
  } = checkedOptions(options, OPTIONS, where);
  const { bits, kind } = numericType(type);
  if (zeroPoint && kind === 'float')
    throw new HeddleError('USAGE', 'floats have no zero points: their 0 is 0', {
      where,
      found: `${type} with a zero point`,
      expected: 'an integer type, or no zero point',
    });
  const granularity = rest.granularity ?? (bits === 4 ? 'block' : 'channel');
  return { type, granularity, blockSize, zeroPoint, axis };
}

/** Which elements of a tensor share a scale. A tensor is seen as channels (rows) of as many columns as there are other elements. */
export interface Groups {
  readonly rows: number;
  readonly columns: number;
  /** Groups of a row; the last may be shorter. */
  readonly blocks: number;
  readonly count: number;
  /** The group of the element at a row and a column. */
  group(row: number, column: number): number;
  /** Where the element at a row and a column lies in the tensor. */
  place(row: number, column: number): number;
}

export function groupsOf(
  shape: readonly number[],
  { granularity, axis, blockSize }: Pick<Scheme, 'granularity' | 'blockSize'> & { readonly axis: number },
): Groups {
  const rows = shape[axis] ?? 1;
  const inner = elementCount(shape.slice(axis + 1));
  const columns = rows === 0 ? 0 : elementCount(shape) / rows;
  const place = (row: number, column: number): number =>
    (Math.floor(column / inner) * rows + row) * inner + (column % inner);
  const blocks = granularity === 'block' ? Math.ceil(columns / blockSize) : 1;
  const facts = { rows, columns, blocks, place };
  if (granularity === 'tensor') return { ...facts, count: 1, group: () => 0 };
  if (granularity === 'channel') return { ...facts, count: rows, group: (row) => row };
  return {
    ...facts,
    count: rows * blocks,
    group: (row, column) => row * blocks + Math.floor(column / blockSize),
  };
}

/** The shape of scales in files: none, the channels, or the channels and their blocks. */
export const scaleShape = (granularity: Granularity, { rows, blocks }: Groups): readonly number[] =>
  granularity === 'tensor' ? [] : granularity === 'channel' ? [rows] : [rows, blocks];
