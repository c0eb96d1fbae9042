/** Inputs and outputs that are sequences or optional values: how many tensors they are, the caller of the import says. */
import { HeddleError } from '../../base/errors.js';
import type { TensorType } from '../../ir/types.js';
import { dtypeOfCode, irDType, type OnnxDType } from './dtype.js';
import { shorten } from './limits.js';
import { declaredDims, type DeclaredDim, type OnnxPort, type SequenceShapes } from './ports.js';
import { decodeMessage } from './proto/decode.js';
import { Contained, Type, type ValueInfoProto } from './proto/onnx.js';

/** What is declared of such an input or output. */
export interface DeclaredSequence {
  readonly name: string;
  readonly dtype: OnnxDType;
  /** Whether the value is a list of tensors; else it is one tensor or none. */
  readonly isSequence: boolean;
  /** Of each tensor; undefined: not even the rank is declared. */
  readonly dims: readonly DeclaredDim[] | undefined;
}

/** The declaration of a sequence of tensors, an optional tensor or an optional sequence; undefined for other values. */
export function declaredSequence(
  { name, type }: Pick<ValueInfoProto, 'name' | 'type'>,
  where: string,
): DeclaredSequence | undefined {
  let isSequence = false;
  let inner = type;
  for (let depth = 0; depth < 2; depth++) {
    const container = inner?.sequenceType ?? inner?.optionalType;
    if (container === undefined) break;
    // Sequences of sequences are none that programs have.
    if (isSequence) return undefined;
    isSequence = inner?.sequenceType !== undefined;
    const { elemType } = decodeMessage(Contained, container, where);
    inner = elemType === undefined ? undefined : decodeMessage(Type, elemType, where);
  }
  if (inner?.tensorType === undefined || inner === type) return undefined;
  const { elemType, shape } = inner.tensorType;
  const dtype = dtypeOfCode(elemType, `${where}, "${shorten(name)}"`);
  return { name, dtype, isSequence, dims: shape === undefined ? undefined : declaredDims(shape.dim) };
}

/** The element type of a tensor, sequence or optional value, from its TypeProto. Throws ONNX_UNSUPPORTED_FEATURE for others. */
export function elementTypeOf(bytes: Uint8Array, where: string): OnnxDType {
  const type = decodeMessage(Type, bytes, where);
  const { tensorType } = type;
  const dtype =
    tensorType === undefined
      ? declaredSequence({ name: '', type }, where)?.dtype
      : dtypeOfCode(tensorType.elemType, where);
  if (dtype !== undefined) return dtype;
  throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'only tensors and sequences of them are optional', {
    where,
  });
}

/** The shapes that are given for an input. Throws ONNX_DYNAMIC_SHAPE where they are not, INPUT_SHAPE where they are too many. */
export function shapesGiven(
  { name, isSequence }: DeclaredSequence,
  given: Readonly<Record<string, SequenceShapes>> | undefined,
): SequenceShapes {
  const shapes = given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined;
  if (shapes === undefined)
    throw new HeddleError('ONNX_DYNAMIC_SHAPE', 'an input is a sequence, or a value that may be none', {
      found: `"${shorten(name)}"`,
      hint: `give the shapes of its tensors: importOnnx(bytes, {sequences: {${JSON.stringify(name)}: [[...], ...]}})`,
    });
  if (shapes !== null && !isSequence && shapes.length !== 1)
    throw new HeddleError('INPUT_SHAPE', 'an optional tensor is one or none', {
      found: `${shapes.length} shapes for "${shorten(name)}"`,
      expected: 'one shape, or null',
    });
  return shapes;
}

/** The symbolic dimensions that the shapes of the tensors of sequences give a value, where those of a sequence agree. */
export const sizesIn = (
  sequences: Iterable<DeclaredSequence | undefined>,
  given: Readonly<Record<string, SequenceShapes>>,
): ReadonlyMap<string, number> =>
  new Map(
    [...sequences].flatMap((sequence) =>
      (sequence?.dims ?? []).flatMap((dim, axis): [string, number][] => {
        const shapes = Object.hasOwn(given, sequence!.name) ? given[sequence!.name] : null;
        const [extent, ...others] = new Set(shapes?.map((shape) => shape[axis]));
        return typeof dim === 'string' && extent !== undefined && others.length === 0 ? [[dim, extent]] : [];
      }),
    ),
  );

/** The port of tensor `index` of a sequence, or of the one that an optional value is. */
export function elementPort(
  { name, dtype, isSequence }: Pick<DeclaredSequence, 'name' | 'dtype' | 'isSequence'>,
  index: number,
  shape: TensorType['shape'],
  paired: boolean,
): OnnxPort {
  const type: TensorType = paired ? { dtype: 'u32', shape: [...shape, 2] } : { dtype: irDType(dtype), shape };
  const element = { of: name, index };
  return {
    name: isSequence ? `${name}[${index}]` : name,
    dtype,
    type,
    element,
    ...(paired ? { paired } : {}),
  };
}
