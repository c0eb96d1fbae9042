/** TfIdfVectorizer: how often sequences of integers out of a pool occur, also with gaps. */
import { binaryBroadcast, withScalar } from '../../../compose/broadcast.js';
import { concat, sliceAxis } from '../../../compose/movement.js';
import { takeKnown } from '../../../compose/indexing.js';
import { sum } from '../../../compose/reduce.js';
import { checkTable } from '../../../compose/tables.js';
import { range } from '../../../compose/axes.js';
import type { Value } from '../../../ir/emitter.js';
import { typed, type NodeContext, type TypedValue } from '../context.js';
import type { OpTable } from '../registry.js';
import { convertWide } from '../wide/convert.js';

/** Sequences of one length out of the pool, and where they begin in the list of all. */
interface Grams {
  readonly length: number;
  readonly count: number;
  readonly items: readonly number[];
}

function pool(ctx: NodeContext): readonly Grams[] {
  const { attr } = ctx;
  if (attr.strings('pool_strings')?.length)
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'the operator needs strings, which Heddle does not have', {
      found: 'attribute pool_strings',
      hint: 'map text to numbers before the model',
    });
  const items = attr.required('pool_int64s', attr.ints('pool_int64s'));
  const starts = attr.ints('ngram_counts', []);
  return starts.map((start, i) => {
    const own = items.slice(start, starts[i + 1] ?? items.length);
    const count = own.length / (i + 1);
    if (!Number.isInteger(count) || start > (starts[i + 1] ?? items.length))
      ctx.fail('ONNX_INVALID', 'ngram_counts does not divide the pool', { found: `${own.length} items of ${i + 1} each` }); // prettier-ignore
    return { length: i + 1, count, items: own };
  });
}

/** How often each of `grams` occurs in rows of x [N, C], with `step` - 1 items between neighbours: f32 [N, count]. */
function occurrences({ b }: NodeContext, x: Value, { length, count, items }: Grams, step: number): Value {
  const [rows, width] = x.type.shape as readonly number[];
  const windows = width - (length - 1) * step;
  if (windows <= 0 || count === 0) return b.constant('f32', [rows, count], 0);
  const matches = range(0, length).map((i) => {
    const column = range(0, count).map((gram) => items[gram * length + i]);
    const wanted = convertWide(b, b.constant('i32', [1, 1, count], column), 'int32', 'int64');
    return binaryBroadcast(b, 'eq', b.reshape(sliceAxis(b, x, 1, i * step, windows), [rows, windows, 1]), wanted); // prettier-ignore
  });
  const all = matches.reduce((left, right) => b.binary('and', left, right));
  return sum(b, b.cast(all, 'f32'), { axes: [1], keepDims: false });
}

function vectorizer(ctx: NodeContext): TypedValue {
  const { b, attr } = ctx;
  const { dtype, value } = ctx.input(0);
  const shape = ctx.extents(ctx.input(0).shape);
  if (shape.length !== 1 && shape.length !== 2)
    ctx.fail('SHAPE_MISMATCH', 'items are a row, or rows', { found: `${shape.length} axes` });
  const x = b.reshape(convertWide(b, value, dtype, 'int64'), shape.length === 1 ? [1, ...shape] : shape);
  const bound = (name: string): number => attr.required(name, attr.int(name));
  const [least, most, gaps] = [bound('min_gram_length'), bound('max_gram_length'), bound('max_skip_count')];
  const grams = pool(ctx);
  const counts = grams.map((own) => {
    const none = b.constant('f32', [x.type.shape[0], own.count], 0);
    if (own.length < least || own.length > most) return none;
    // A single item has no neighbours to be apart from.
    const steps = range(1, own.length === 1 ? 2 : gaps + 2);
    return steps.map((step) => occurrences(ctx, x, own, step)).reduce((left, right) => b.binary('add', left, right), none); // prettier-ignore
  });
  const indexes = attr.ints('ngram_indexes', []);
  const total = grams.reduce((all, { count }) => all + count, 0);
  if (indexes.length !== total || new Set(indexes).size !== total || indexes.some((index) => index < 0))
    ctx.fail('ONNX_INVALID', 'ngram_indexes has a place of its own for each sequence of the pool', {
      found: `${indexes.length} for ${total}`,
    });
  checkTable(
    'a vectorizer',
    indexes.reduce((most, index) => Math.max(most, index), 0),
  );
  const width = indexes.reduce((most, index) => Math.max(most, index + 1), 0);
  const spare = b.constant('f32', [x.type.shape[0], 1], 0);
  const places = new Array<number>(width).fill(total);
  indexes.forEach((index, i) => (places[index] = i));
  const frequencies = takeKnown(b, concat(b, [...counts, spare], 1), 1, places);
  const result = weighted(ctx, frequencies, width);
  return typed(shape.length === 1 ? b.reshape(result, [width]) : result, 'float');
}

/** By mode: the frequencies, the weights of what occurs, or both multiplied. */
function weighted(ctx: NodeContext, frequencies: Value, width: number): Value {
  const { b, attr } = ctx;
  const mode = attr.choice('mode', ['TF', 'IDF', 'TFIDF'], 'TF');
  const weights = attr.floats('weights');
  if (weights !== undefined && weights.length < width)
    ctx.fail('ONNX_INVALID', 'weights has a number for each place of the result', { found: `${weights.length} for ${width}` }); // prettier-ignore
  const factors = b.constant('f32', [1, width], weights === undefined ? 1 : weights.slice(0, width));
  if (mode === 'TF') return frequencies;
  const base = mode === 'TFIDF' ? frequencies : b.cast(withScalar(b, 'lt', b.unary('neg', frequencies), 0), 'f32'); // prettier-ignore
  return binaryBroadcast(b, 'mul', base, factors);
}

export const ngrams: OpTable = [{ op: 'TfIdfVectorizer', since: [9], emit: vectorizer }];
