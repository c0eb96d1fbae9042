/** What a model says of its inputs and outputs, read without importing its nodes. */
import type { ImageDecoders } from '../../data/images/index.js';
import { at } from './place.js';
import { checkOperators } from './missing.js';
import { readModel } from './model.js';
import { externalReader, type ExternalData } from './external.js';
import { declaredDims, declaredInput, declaredOutput, type Declared } from './ports.js';
import { inputsOf, overridableOf, SubgraphCache } from './subgraphs.js';
import type { ValueInfoProto } from './proto/onnx.js';
import type { TextPart } from './text/part.js';
import { splitText } from './text/split.js';
import { STRING } from './text/tensor.js';

/** A tensor of numbers or of text that a model takes or gives, or another value, of which there is only the name. */
export type DescribedValue =
  | Declared
  | (Omit<Declared, 'dtype'> & { readonly dtype: 'string' })
  | { readonly name: string; readonly dtype?: undefined };

export interface ModelDescription {
  /** Without the initializers that old files list among them. */
  readonly inputs: readonly DescribedValue[];
  readonly outputs: readonly DescribedValue[];
  /** Initializers among the inputs, which a caller may override. */
  readonly overridable: readonly DescribedValue[];
  /** The nodes that run on the host, where there are some. */
  readonly text: TextPart | undefined;
}

/**
 * Reads what a serialized model declares. Throws as importOnnx does for files, for types that are none, and for operators that
 * are missing.
 */
export function describeModel(
  bytes: Uint8Array,
  file: string,
  externalData?: ExternalData,
  imageDecoders: ImageDecoders = {},
): ModelDescription {
  const model = readModel(bytes, file);
  const { graph } = model;
  const subgraphs = new SubgraphCache();
  const split = splitText(model, { imageDecoders }, subgraphs, externalReader(externalData), `${file}, `);
  checkOperators(split?.model ?? model, subgraphs, `${file}, `);
  const described =
    (declare: (info: ValueInfoProto, file: string) => Declared) =>
    (info: ValueInfoProto): DescribedValue => {
      const { name, type } = info;
      if (isOther(info)) return { name };
      const { elemType, shape } = type?.tensorType ?? {};
      return elemType === STRING ? { name, dtype: 'string', dims: shape && declaredDims(shape.dim) } : declare(info, file); // prettier-ignore
    };
  return at(file, () => ({
    inputs: inputsOf(graph).map(described(declaredInput)),
    outputs: graph.output.map(described(declaredOutput)),
    overridable: overridableOf(graph).map(described(declaredInput)),
    text: split?.part,
  }));
}

/** Whether a value is declared as something else than a tensor. */
const isOther = ({ name, type }: ValueInfoProto): boolean =>
  name !== '' &&
  (type?.sequenceType ?? type?.mapType ?? type?.optionalType ?? type?.sparseTensorType) !== undefined;
