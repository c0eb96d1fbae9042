/** Constants, and what is known of a value without computing it: its shape. */
import { elementCount } from '../../../base/tensor.js';
import { typed, type NodeContext } from '../context.js';
import { allocateOnnx, irDType, isIntegral } from '../dtype.js';
import {
  fromBigInts,
  fromNumbers,
  int64Tensor,
  reshaped,
  toBigInts,
  toNumbers,
  type HostTensor,
} from '../host.js';
import { checkedCount, MAX_FOLDED_ELEMENTS } from '../limits.js';
import type { OpTable, Result } from '../registry.js';
import { KnownValue } from '../value.js';
import { needsWords } from '../wide/storage.js';

/** Exactly one of these attributes is the constant. */
function constant(ctx: NodeContext): HostTensor {
  const { attr } = ctx;
  const [f, fs, i, is] = [
    attr.float('value_float'),
    attr.floats('value_floats'),
    attr.has('value_int') ? attr.int('value_int') : undefined,
    attr.bigInts('value_ints'),
  ];
  const value = attr.tensor('value') ?? attr.sparse('sparse_value');
  if (value !== undefined) return value;
  if (f !== undefined) return fromNumbers('float', [], [f]);
  if (fs !== undefined) return fromNumbers('float', [fs.length], fs);
  if (i !== undefined) return int64Tensor([], [i]);
  if (is !== undefined) return fromBigInts('int64', [is.length], is);
  return ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'a constant that is not a tensor of numbers', {
    found: ctx.node.attribute.map(({ name }) => name).join(', ') || 'no attribute',
  });
}

function shapeOf(ctx: NodeContext): HostTensor {
  const { shape } = ctx.input(0);
  const clamp = (position: number): number =>
    Math.min(Math.max(position < 0 ? position + shape.length : position, 0), shape.length);
  const part = shape.slice(clamp(ctx.attr.int('start', 0)), clamp(ctx.attr.int('end', shape.length)));
  return int64Tensor([part.length], ctx.extents(part));
}

function constantOfShape(ctx: NodeContext): Result {
  const shape = ctx.knownInts(0);
  if (shape.some((extent) => !(extent >= 0)))
    ctx.fail('ONNX_INVALID', 'a shape has a negative extent', { found: `[${shape.join(',')}]` });
  checkedCount(shape, 'the constant');
  const value = ctx.attr.tensor('value') ?? fromNumbers('float', [1], [0]);
  if (value.data.length !== 1) ctx.fail('ONNX_INVALID', 'the value to fill with is not one element');
  if (ctx.mayFold(shape)) return filled(value, shape);
  if (!needsWords(value)) return typed(ctx.b.constant(irDType(value.dtype), shape, toNumbers(value)[0]), value.dtype); // prettier-ignore
  const scalar = new KnownValue('', reshaped(value, []), ctx.b, () => ctx.fail('INTERNAL', 'a scalar that is not a literal')); // prettier-ignore
  return typed(ctx.b.broadcast(ctx.b.reshape(scalar.value, shape.map(() => 1)), shape), value.dtype); // prettier-ignore
}

/** The one element of `value` repeated to `shape`. */
function filled({ dtype, data: [element] }: HostTensor, shape: readonly number[]): HostTensor {
  const data = allocateOnnx(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = element;
  return { dtype, shape, data };
}

/** start, start + delta, ... up to but without limit. Without delta it is 1. */
export function rangeOf(ctx: NodeContext): HostTensor {
  const [start, limit] = [ctx.known(0), ctx.known(1)];
  const delta = ctx.inputs[2] === undefined ? fromNumbers(start.dtype, [], [1]) : ctx.known(2);
  if ([start, limit, delta].some(({ data, dtype }) => data.length !== 1 || dtype !== start.dtype))
    ctx.fail('ONNX_INVALID', 'a range has three numbers of one type');
  const [first, last, step] = [start, limit, delta].map((tensor) => toNumbers(tensor)[0]) as [
    number,
    number,
    number,
  ];
  const count = Math.max(0, Math.ceil((last - first) / step));
  if (step === 0 || !Number.isFinite(count))
    ctx.fail('ONNX_INVALID', 'the range does not end', { found: `${step}` });
  if (!ctx.mayFold([count]))
    ctx.fail('LIMIT_EXCEEDED', 'the range is too long', {
      found: `${count} elements`,
      expected: `at most ${MAX_FOLDED_ELEMENTS}`,
    });
  const positions = Array.from({ length: count }, (_, i) => i);
  if (!isIntegral(start.dtype))
    return fromNumbers(
      start.dtype,
      [count],
      positions.map((i) => first + i * step),
    );
  const [from, by] = [toBigInts(start)[0], toBigInts(delta)[0]];
  return fromBigInts(
    start.dtype,
    [count],
    positions.map((i) => from + BigInt(i) * by),
  );
}

export const constants: OpTable = [
  { op: 'Constant', since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25], emit: constant },
  { op: 'Shape', since: [1, 13, 15, 19, 21, 23, 24, 25], emit: shapeOf },
  {
    op: 'Size',
    since: [1, 13, 19, 21, 23, 24, 25],
    emit: (ctx) => int64Tensor([], [checkedCount(ctx.extents(ctx.input(0).shape), 'the tensor')]),
  },
  { op: 'ConstantOfShape', since: [9, 20, 21, 23, 24, 25], emit: constantOfShape },
  { op: 'Range', since: [11], emit: rangeOf },
];
