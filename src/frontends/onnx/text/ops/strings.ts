/** Operators of ai.onnx that compute with text. */
import { HeddleError } from '../../../../base/errors.js';
import { fromNumbers, int64Tensor } from '../../host.js';
import { checkedCount } from '../../limits.js';
import type { DeclaredDim } from '../../ports.js';
import { v } from '../../signatures/signature.js';
import type { TextNode, TextOp, TextType, TextWork } from '../node.js';
import { compileRegex } from '../regex.js';
import { broadcastData, isText, text, type HostValue, type TextTensor } from '../tensor.js';

/** An input that has to be text. */
export function textOf(value: HostValue | undefined): TextTensor {
  if (value !== undefined && isText(value)) return value;
  throw new HeddleError('ONNX_INVALID', 'the operator takes text', { found: value?.dtype ?? 'nothing' });
}

/** The extents that two values broadcast to, as far as they are known. */
function broadcastDims(types: readonly (TextType | undefined)[]): TextType['dims'] {
  const all = types.map((type) => type?.dims);
  if (!all.every((dims) => dims !== undefined)) return undefined;
  const rank = all.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: rank }, (_, axis): DeclaredDim => {
    const extents = all.flatMap((dims) => dims[axis - rank + dims.length] ?? []);
    const wide = extents.find((dim) => typeof dim === 'number' && dim !== 1);
    return wide ?? (new Set(extents).size === 1 ? extents[0] : undefined);
  });
}

/** UTF-16 units of a text that nodes make. */
const MOST_UNITS = 2 ** 24;

function joined(x: string, y: string): string {
  if (x.length + y.length > MOST_UNITS)
    throw new HeddleError('LIMIT_EXCEEDED', 'a text is too long', {
      found: `${x.length + y.length} UTF-16 units`,
      expected: `at most ${MOST_UNITS}`,
    });
  return x + y;
}

const concat = ({ inputs }: TextNode): TextWork => ({
  outputs: [{ dtype: 'string', dims: broadcastDims(inputs) }],
  run: (given) => {
    const { shape, rows } = broadcastData(given.map(textOf));
    return [text(shape, rows.map(([x, y]) => joined(x, y)))]; // prettier-ignore
  },
});

const equal = ({ inputs }: TextNode): TextWork => ({
  outputs: [{ dtype: 'bool', dims: broadcastDims(inputs) }],
  run: (given) => {
    const { shape, rows } = broadcastData(given.map(textOf));
    return [fromNumbers('bool', shape, rows.map(([x, y]) => Number(x === y)))]; // prettier-ignore
  },
});

/** Python's str.split: without a delimiter at runs of white space, of which there is none at the ends. */
function pieces(whole: string, delimiter: string, most: number): string[] {
  if (delimiter !== '') {
    const parts = whole.split(delimiter);
    return parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(delimiter)];
  }
  const parts: string[] = [];
  let rest = whole.trimStart();
  while (rest !== '' && parts.length < most) {
    const end = rest.search(/\s/u);
    if (end < 0) break;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === '' ? parts : [...parts, parts.length < most ? rest.trimEnd() : rest];
}

function split({ attr, inputs }: TextNode): TextWork {
  const delimiter = attr.string('delimiter', '');
  const most = attr.int('maxsplit', -1);
  const dims = inputs[0]?.dims;
  return {
    outputs: [
      { dtype: 'string', dims: dims && [...dims, undefined] },
      { dtype: 'int64', dims },
    ],
    run: ([given], budget) => {
      const { shape, data } = textOf(given);
      const parts = data.map((whole) => pieces(whole, delimiter, most < 0 ? Infinity : most));
      const width = parts.reduce((longest, { length }) => Math.max(longest, length), 0);
      const count = checkedCount([...shape, width], 'the pieces');
      budget?.spend(count);
      const padded = parts.flatMap((own) => [...own, ...new Array<string>(width - own.length).fill('')]);
      return [text([...shape, width], padded), int64Tensor(shape, parts.map(({ length }) => length))]; // prettier-ignore
    },
  };
}

/** Changes case, and drops stop words; where none is left, there is one empty text. */
function normalize(node: TextNode): TextWork {
  const { attr, inputs } = node;
  const action = attr.choice('case_change_action', ['NONE', 'LOWER', 'UPPER'], 'NONE');
  const sensitive = attr.flag('is_case_sensitive', false);
  const locale = localeOf(node);
  const fold = (word: string): string => (sensitive ? word : word.toLocaleLowerCase(locale));
  const stops = new Set((attr.strings('stopwords') ?? []).map(fold));
  const changes = { NONE: (word: string) => word, LOWER: (word: string) => word.toLocaleLowerCase(locale), UPPER: (word: string) => word.toLocaleUpperCase(locale) }; // prettier-ignore
  const dims = inputs[0]?.dims;
  if (dims !== undefined && dims.length !== 1 && !(dims.length === 2 && (dims[0] === 1 || typeof dims[0] !== 'number')))
    node.fail('SHAPE_MISMATCH', 'texts are normalized in a row', { found: `${dims.length} axes`, expected: '[C] or [1, C]' }); // prettier-ignore
  return {
    outputs: [{ dtype: 'string', dims: dims && [...dims.slice(1).map(() => 1), undefined] }],
    run: ([given]) => {
      const { shape, data } = textOf(given);
      if (shape.length !== 1 && !(shape.length === 2 && shape[0] === 1))
        node.fail('SHAPE_MISMATCH', 'texts are normalized in a row', { found: `[${shape.join(',')}]`, expected: '[C] or [1, C]' }); // prettier-ignore
      const left = data.filter((word) => !stops.has(fold(word))).map(changes[action]);
      const result = left.length === 0 ? [''] : left;
      return [text([...shape.slice(1).map(() => 1), result.length], result)];
    },
  };
}

/** `en_US`, as POSIX writes it, in the words of JavaScript. */
function localeOf(node: TextNode): string {
  const name = node.attr.string('locale', 'en_US');
  try {
    return Intl.getCanonicalLocales(name.replace(/_/g, '-').replace(/\..*$/, ''))[0] ?? 'en-US';
  } catch {
    return node.fail('ONNX_INVALID', 'attribute locale has no such value', { found: name.slice(0, 64) });
  }
}

function fullMatch({ attr, inputs }: TextNode): TextWork {
  const matches = compileRegex(attr.required('pattern', attr.string('pattern')));
  return {
    outputs: [{ dtype: 'bool', dims: inputs[0]?.dims }],
    run: ([given]) => {
      const { shape, data } = textOf(given);
      return [fromNumbers('bool', shape, data.map((whole) => Number(matches(whole))))]; // prettier-ignore
    },
  };
}

/** The extents of a tensor, or their product. */
const shapeOf =
  (isSize: boolean) =>
  ({ attr, inputs }: TextNode): TextWork => {
    const rank = inputs[0]?.dims?.length;
    const at = (position: number, count: number): number => Math.min(Math.max(position < 0 ? position + count : position, 0), count); // prettier-ignore
    const part = (count: number): readonly [number, number] => [at(attr.int('start', 0), count), at(attr.int('end', count), count)]; // prettier-ignore
    const [from, to] = rank === undefined ? [0, 0] : part(rank);
    return {
      outputs: [
        { dtype: 'int64', dims: isSize ? [] : rank === undefined ? [undefined] : [Math.max(0, to - from)] },
      ],
      run: ([given]) => {
        const { shape, data } = textOf(given);
        if (isSize) return [int64Tensor([], [data.length])];
        const extents = shape.slice(...part(shape.length));
        return [int64Tensor([extents.length], extents)];
      },
    };
  };

export const strings: readonly TextOp[] = [
  { op: 'StringConcat', signature: v(20, 'T T -> T', {}), plan: concat },
  { op: 'StringSplit', signature: v(20, 'T -> T int64', {}, { delimiter: 'string', maxsplit: 'int' }), plan: split }, // prettier-ignore
  {
    op: 'StringNormalizer',
    signature: v(
      10,
      'T -> T',
      {},
      { case_change_action: 'string', is_case_sensitive: 'int', locale: 'string', stopwords: 'strings' },
    ),
    plan: normalize,
  },
  { op: 'RegexFullMatch', signature: v(20, 'T -> bool', {}, { pattern: 'string' }), plan: fullMatch },
  { op: 'Equal', signature: v(19, 'T T -> bool', {}), plan: equal },
  { op: 'Shape', signature: v(1, 'T -> int64', {}, { start: 'int', end: 'int' }), plan: shapeOf(false) },
  { op: 'Size', signature: v(1, 'T -> int64', {}), plan: shapeOf(true) },
];
