/** Constants of text, casts between text and numbers, and operators that only move elements. */
import { HeddleError } from '../../../../base/errors.js';
import { interpret } from '../../../../interpreter/index.js';
import { GraphBuilder } from '../../../../ir/builder.js';
import { isFloat } from '../../../../base/dtype.js';
import { FoldBudget, NodeContext } from '../../context.js';
import { dtypeOfCode, irDType, ONNX_DTYPES, type OnnxDType } from '../../dtype.js';
import { fromBigInts, fromNumbers, toBigInts, toNumbers, type HostTensor } from '../../host.js';
import { checkedCount, shorten } from '../../limits.js';
import type { NodeProto } from '../../proto/onnx.js';
import type { OpEntry } from '../../registry.js';
import { v } from '../../signatures/signature.js';
import { KnownValue, weightOf } from '../../value.js';
import { WideEmitter } from '../../wide/emitter.js';
import type { TensorData } from '../../../../base/tensor.js';
import type { TextNode, TextOp, TextWork } from '../node.js';
import { isText, STRING, text, type HostValue, type TextTensor } from '../tensor.js';

/** Exactly one of its attributes is the text. */
function constant(node: TextNode): TextWork {
  const { attr } = node;
  const [one, several] = [attr.string('value_string'), attr.strings('value_strings')];
  const value = attr.value('value') ?? (one === undefined ? undefined : text([], [one])) ?? (several && text([several.length], several)); // prettier-ignore
  if (value === undefined) return node.fail('ONNX_INVALID', 'a constant without a value');
  return { outputs: [{ dtype: value.dtype, dims: value.shape }], run: () => [value] };
}

const INTEGER = /^[+-]?\d{1,40}$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([['nan', NaN], ['inf', Infinity], ['+inf', Infinity], ['-inf', -Infinity], ['infinity', Infinity], ['+infinity', Infinity], ['-infinity', -Infinity]]); // prettier-ignore
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A text as a number of `dtype`. Throws INPUT_DTYPE where it is none, and for integers beyond those of `dtype`. */
function parsed(word: string, dtype: OnnxDType): number | bigint {
  const number = isFloat(irDType(dtype)) ? floatOf(word.trim()) : integerOf(word.trim());
  if (number !== undefined && (typeof number === 'number' || isWithin(number, dtype))) return number;
  throw new HeddleError('INPUT_DTYPE', 'the text is not a number of the type', {
    found: JSON.stringify(word.slice(0, 64)),
    expected: `a number of ${dtype}`,
  });
}

const floatOf = (word: string): number | undefined =>
  SPECIAL.get(word.toLowerCase()) ?? (DECIMAL.test(word) ? Number(word) : undefined);

/** Towards zero. */
function integerOf(word: string): bigint | undefined {
  if (INTEGER.test(word)) return BigInt(word.replace(/^\+/, ''));
  const number = DECIMAL.test(word) ? Number(word) : NaN;
  return Number.isFinite(number) ? BigInt(Math.trunc(number)) : undefined;
}

function isWithin(value: bigint, dtype: OnnxDType): boolean {
  const { integer } = ONNX_DTYPES[dtype];
  return (
    integer === undefined || value === (integer.signed ? BigInt.asIntN : BigInt.asUintN)(integer.bits, value)
  );
}

/** printf's %.Ng: the shortest of plain and scientific notation, without zeros at the end. */
export function formatG(x: number, digits: number): string {
  if (Number.isNaN(x)) return 'NaN';
  if (!Number.isFinite(x)) return x > 0 ? 'INF' : '-INF';
  if (x === 0) return Object.is(x, -0) ? '-0' : '0';
  const [mantissa, exponent] = x.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  const trim = (number: string): string => (number.includes('.') ? number.replace(/\.?0+$/, '') : number);
  if (power >= -4 && power < digits) return trim(x.toFixed(digits - 1 - power));
  return `${trim(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Numbers as onnxruntime writes them: eight digits of floats, seventeen of doubles. */
function printed(value: HostTensor): TextTensor {
  const { dtype, shape } = value;
  const isReal = isFloat(irDType(dtype));
  const digits = dtype === 'double' ? 17 : 8;
  return text(shape, isReal ? toNumbers(value).map((x) => formatG(x, digits)) : toBigInts(value).map(String));
}

function converted(value: HostValue, dtype: OnnxDType | 'string'): HostValue {
  if (dtype === 'string') return isText(value) ? value : printed(value);
  if (!isText(value)) throw new HeddleError('INTERNAL', 'numbers are converted by the graph');
  const numbers = value.data.map((word) => parsed(word, dtype));
  return ONNX_DTYPES[dtype].integer === undefined && dtype !== 'bool'
    ? fromNumbers(dtype, value.shape, numbers.map(Number))
    : dtype === 'bool'
      ? fromNumbers(dtype, value.shape, numbers.map((number) => Number(Number(number) !== 0))) // prettier-ignore
      : fromBigInts(dtype, value.shape, numbers.map(BigInt)); // prettier-ignore
}

const castTo = (node: TextNode, dtype: OnnxDType | 'string'): TextWork => ({
  outputs: [{ dtype, dims: node.inputs[0]?.dims }],
  run: ([given]) => [converted(given!, dtype)],
});

function cast(node: TextNode): TextWork {
  const code = node.attr.required('to', node.attr.int('to'));
  return castTo(node, code === STRING ? 'string' : dtypeOfCode(code, 'attribute to'));
}

/** To the type of the second input, whose elements do not count. */
function castLike(node: TextNode): TextWork {
  const name = node.node.input[1];
  const dtype = node.inputs[1]?.dtype ?? node.declared(name);
  if (dtype !== undefined) return { ...castTo(node, dtype), reads: 1 };
  return node.fail('ONNX_UNSUPPORTED_FEATURE', 'text is cast to a type that the model has to declare', {
    found: `"${shorten(name)}" without a declared type`,
    hint: 'run shape inference of onnx on the model, or use Cast',
  });
}

export const elements: readonly TextOp[] = [
  {
    op: 'Constant',
    signature: v(1, ' -> T', {}, { value: 'tensor', value_string: 'string', value_strings: 'strings' }),
    plan: constant,
  },
  { op: 'Cast', signature: v(9, 'T -> T', {}, { round_mode: 'string', saturate: 'int', to: 'int!' }), plan: cast }, // prettier-ignore
  {
    op: 'CastLike',
    signature: v(15, 'T T -> T', {}, { round_mode: 'string', saturate: 'int' }),
    plan: castLike,
  },
];

/**
 * The work of an operator that only moves elements, on texts: it is done on their places. `entry` is its row for numbers.
 */
export function moving(entry: OpEntry, node: NodeProto, opset: number): TextWork['run'] {
  return (inputs, budget) => {
    const words: string[] = [];
    const places = inputs.map((value): HostTensor | undefined => {
      if (value === undefined || !isText(value)) return value;
      const from = words.length;
      for (const word of value.data) words.push(word);
      return { dtype: 'int32', shape: value.shape, data: Int32Array.from(value.data, (_, i) => from + i) };
    });
    return onPlaces(entry, node, opset, places, budget).map(({ shape, data }) => text(shape, Array.from(data as Int32Array, (place) => words[place]))); // prettier-ignore
  };
}

/** The results of a node on known operands. */
function onPlaces(
  entry: OpEntry,
  node: NodeProto,
  opset: number,
  places: readonly (HostTensor | undefined)[],
  budget: FoldBudget | undefined,
): readonly HostTensor[] {
  const builder = new GraphBuilder('places');
  const b = new WideEmitter(builder, () => undefined);
  const weights = new Map<string, TensorData>();
  const enter = weightOf(builder, weights);
  const refuse = (): never => {
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'a node on text holds no graphs');
  };
  const ctx = new NodeContext(
    b,
    node,
    opset,
    places.map((tensor, i) => tensor && new KnownValue(`${i}`, tensor, b, enter)),
    budget ?? new FoldBudget(),
    { decode: refuse, inline: refuse, into: refuse, captured: refuse },
    { declaredShape: () => undefined, note: () => undefined },
  );
  const view = entry.view?.(ctx);
  if (view !== undefined) return [view];
  const results = [entry.emit(ctx)].flat().map((result) => {
    if ('data' in result && 'dtype' in result) return result;
    const value = 'value' in result ? result.value : 'type' in result ? result : refuse();
    return value;
  });
  results.forEach((result, i) => 'type' in result && builder.output(`${i}`, result));
  for (const result of results)
    if ('type' in result) budget?.spend(checkedCount(result.type.shape.map(Number), 'a result'));
  const { outputs } = interpret({ graph: builder.build(), weights }, {});
  return results.map((result, i) => 'type' in result ? { dtype: 'int32', shape: outputs[`${i}`].shape, data: outputs[`${i}`].data } : result); // prettier-ignore
}
