/** Values that go from one graph of a model to another: into functions and bodies, and out of them. */
import type { Value } from '../../ir/emitter.js';
import type { TensorType } from '../../ir/types.js';
import { typed } from './context.js';
import { irDType } from './dtype.js';
import type { HostTensor } from './host.js';
import type { Body } from './loops.js';
import type { Resolved } from './registry.js';
import { absentValue, KnownValue, sequenceValue, type EnterWeight, type OnnxValue } from './value.js';
import type { WideEmitter } from './wide/emitter.js';
import { needsWords } from './wide/storage.js';

/** Where the nodes of a graph go. */
export interface Home {
  readonly b: WideEmitter;
  readonly weight: EnterWeight;
  /** What is emitted from now on is for another operator. */
  readonly nextOperator?: () => void;
}

/** A value as the result of a node. */
export const resultOf = (value: OnnxValue): Resolved =>
  value.elements !== undefined
    ? { dtype: value.dtype, elements: value.elements }
    : value.isAbsent
      ? { dtype: value.dtype, isAbsent: true }
      : (value.known ?? typed(value.value, value.dtype));

/** A value under another name; what it is in the graph is asked for only when it is needed. */
export const renamed = (value: OnnxValue, name: string): OnnxValue =>
  value.elements !== undefined
    ? sequenceValue(name, value.dtype, value.elements)
    : value.isAbsent
      ? absentValue(name, value.dtype)
      : {
          name,
          dtype: value.dtype,
          shape: value.shape,
          known: value.known,
          dequantized: value.dequantized,
          get entered() {
            return value.entered;
          },
          get value() {
            return value.value;
          },
        };

/** Bodies hold no weights: those of the graph around them are captures. */
export const homeOf = (body: Body, outer: Home): Home => ({
  b: body.b,
  weight: (name, stored, seen) =>
    body.capture(seen, storedType(seen), () => outer.weight(name, stored, seen)),
});

/** The type of a known tensor in the graph. */
const storedType = (tensor: HostTensor): TensorType =>
  needsWords(tensor)
    ? { dtype: 'u32', shape: [...tensor.shape, 2] }
    : { dtype: irDType(tensor.dtype), shape: tensor.shape };

/** A value from outside in a body. What is known stays known, and small constants become constants of the body. */
export function capturedValue(body: Body, found: OnnxValue): OnnxValue {
  if (found.elements !== undefined)
    return sequenceValue(found.name, found.dtype, found.elements.map((element) => capturedValue(body, element))); // prettier-ignore
  if (found.isAbsent) return found;
  const { name, dtype, shape, known } = found;
  const capture = (): Value => body.captured(found.value);
  if (known !== undefined) return new KnownValue(name, known, body.b, capture);
  let entered: Value | undefined;
  return {
    name,
    dtype,
    shape,
    known: undefined,
    get entered() {
      return entered;
    },
    get value() {
      return (entered ??= capture());
    },
  };
}
