/** Operators of ai.onnx.ml that map text to numbers and back. */
import type { OnnxDType } from '../../dtype.js';
import { fromBigInts, fromNumbers, toBigInts, toNumbers, type HostTensor } from '../../host.js';
import { ENCODER } from '../../signatures/ml.js';
import { v } from '../../signatures/signature.js';
import type { TextNode, TextOp, TextType, TextWork } from '../node.js';
import { isText, text, type HostValue } from '../tensor.js';

/** An element as a key: numbers by their values, of which NaN is one; 0 and -0 are one, too. */
type Key = string | number | bigint;

const keysOf = (value: HostValue): readonly Key[] =>
  isText(value)
    ? value.data
    : value.dtype === 'int64' || value.dtype === 'uint64'
      ? toBigInts(value)
      : toNumbers(value).map((number) => number + 0);

/** `values` at the places of the keys that the elements equal, the first of equal ones; `otherwise` has one element. */
export function lookUp(
  keys: HostValue,
  values: HostValue,
  otherwise: HostValue,
  given: HostValue,
): HostValue {
  const places = new Map<Key, number>();
  keysOf(keys).forEach((key, i) => places.has(key) || places.set(key, i));
  const found = keysOf(given).map((key) => places.get(key) ?? -1);
  if (isText(values))
    return text(given.shape, found.map((place) => (place < 0 ? otherwise : values).data[Math.max(place, 0)] as string)); // prettier-ignore
  const data = new (values.data.constructor as new (count: number) => HostTensor['data'])(found.length);
  found.forEach((place, i) => (data[i] = ((place < 0 ? otherwise : values) as HostTensor).data[Math.max(place, 0)])); // prettier-ignore
  return { dtype: values.dtype, shape: given.shape, data };
}

const row = (data: readonly string[]): HostValue => text([data.length], data);

/** The keys or values of a LabelEncoder, in one of their forms. */
function side(node: TextNode, which: 'keys' | 'values'): HostValue {
  const { attr } = node;
  const tensor = attr.value(`${which}_tensor`);
  if (tensor !== undefined) return tensor;
  const words = attr.strings(`${which}_strings`) ?? [];
  if (words.length > 0) return row(words);
  const ints = attr.bigInts(`${which}_int64s`) ?? [];
  if (ints.length > 0) return fromBigInts('int64', [ints.length], ints);
  const floats = attr.floats(`${which}_floats`) ?? [];
  if (floats.length > 0) return fromNumbers('float', [floats.length], floats);
  return node.fail('ONNX_INVALID', `the ${which} of the encoder are missing`);
}

/** What an encoder gives for elements that are no key. */
function otherwiseOf(node: TextNode, dtype: TextType['dtype']): HostValue {
  const { attr } = node;
  const given = attr.value('default_tensor');
  if (given !== undefined) {
    if (given.dtype !== dtype || given.data.length !== 1)
      node.fail('ONNX_INVALID', 'default_tensor is one element of the type of the values', {
        found: `${given.data.length} of ${given.dtype}`,
        expected: `1 of ${dtype}`,
      });
    return given;
  }
  if (dtype === 'string') return row([attr.string('default_string', '_Unused')]);
  if (dtype === 'float' || dtype === 'double')
    return fromNumbers(dtype, [1], [attr.float('default_float', -0)]);
  return fromBigInts(dtype, [1], [BigInt(attr.int('default_int64', -1))]);
}

/** Elements through a table. Throws ONNX_INVALID where keys and values are not as many, or the input is of another type. */
function mapped(node: TextNode, keys: HostValue, values: HostValue, otherwise: HostValue): TextWork {
  const check = (found: OnnxDType | 'string'): void => {
    if (found !== keys.dtype || keys.data.length !== values.data.length)
      node.fail('ONNX_INVALID', 'an encoder has as many keys as values, of the type of its input', {
        found: `${keys.data.length} keys of ${keys.dtype}, ${values.data.length} values, input of ${found}`,
      });
  };
  const [input] = node.inputs;
  if (input !== undefined) check(input.dtype);
  return {
    outputs: [{ dtype: values.dtype, dims: input?.dims }],
    run: ([given]) => {
      check(given!.dtype);
      return [lookUp(keys, values, otherwise, given!)];
    },
  };
}

/** Version 1: between the classes and their places. */
function oldEncoder(node: TextNode): TextWork {
  const classes = node.attr.required('classes_strings', node.attr.strings('classes_strings'));
  const places = fromBigInts('int64', [classes.length], classes.map((_, i) => BigInt(i))); // prettier-ignore
  return between(node, row(classes), places);
}

/** Text to integers, or integers to text, as the type of the input asks for: what a graph computes is no text. */
const between = (node: TextNode, words: HostValue, numbers: HostValue): TextWork =>
  node.inputs[0]?.dtype === 'string'
    ? mapped(node, words, numbers, otherwiseOf(node, 'int64'))
    : mapped(node, numbers, words, otherwiseOf(node, 'string'));

function categoryMapper(node: TextNode): TextWork {
  const words = node.attr.required('cats_strings', node.attr.strings('cats_strings'));
  const numbers = node.attr.required('cats_int64s', node.attr.bigInts('cats_int64s'));
  if (words.length !== numbers.length)
    node.fail('ONNX_INVALID', 'there is an integer for each category', { found: `${words.length} and ${numbers.length}` }); // prettier-ignore
  return between(node, row(words), fromBigInts('int64', [numbers.length], numbers));
}

function encoder(node: TextNode): TextWork {
  const [keys, values] = [side(node, 'keys'), side(node, 'values')];
  return mapped(node, keys, values, otherwiseOf(node, values.dtype));
}

const DEFAULTS = { default_int64: 'int', default_string: 'string' } as const;
const TENSORS = { default_tensor: 'tensor', keys_tensor: 'tensor', values_tensor: 'tensor' } as const;

const entry = (op: string, signature: TextOp['signature'], plan: TextOp['plan']): TextOp => ({
  op,
  domain: 'ai.onnx.ml',
  signature,
  plan,
});

export const labels: readonly TextOp[] = [
  entry('LabelEncoder', v(1, 'T -> T', {}, { classes_strings: 'strings', ...DEFAULTS }), oldEncoder),
  entry('LabelEncoder', v(2, 'T -> T', {}, ENCODER), encoder),
  entry('LabelEncoder', v(4, 'T -> T', {}, { ...ENCODER, ...TENSORS }), encoder),
  entry(
    'CategoryMapper',
    v(1, 'T -> T', {}, { cats_int64s: 'ints', cats_strings: 'strings', ...DEFAULTS }),
    categoryMapper,
  ),
];
