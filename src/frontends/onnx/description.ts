/** What a model says of its inputs and outputs, read without importing its nodes. */
import { at } from './place.js';
import { checkOperators } from './missing.js';
import { readModel } from './model.js';
import { declaredInput, declaredOutput, type Declared } from './ports.js';
import { inputsOf, overridableOf, SubgraphCache } from './subgraphs.js';
import type { ValueInfoProto } from './proto/onnx.js';

/** A tensor that a model takes or gives, or another value, of which there is only the name. */
export type DescribedValue = Declared | { readonly name: string; readonly dtype?: undefined };

export interface ModelDescription {
  /** Without the initializers that old files list among them. */
  readonly inputs: readonly DescribedValue[];
  readonly outputs: readonly DescribedValue[];
  /** Initializers among the inputs, which a caller may override. */
  readonly overridable: readonly DescribedValue[];
}

/**
 * Reads what a serialized model declares. Throws as importOnnx does for files, for types that are none, and for operators that
 * are missing.
 */
export function describeModel(bytes: Uint8Array, file: string): ModelDescription {
  const model = readModel(bytes, file);
  const { graph } = model;
  checkOperators(model, new SubgraphCache(), `${file}, `);
  const described =
    (declare: (info: ValueInfoProto, file: string) => Declared) =>
    (info: ValueInfoProto): DescribedValue =>
      isOther(info) ? { name: info.name } : declare(info, file);
  return at(file, () => ({
    inputs: inputsOf(graph).map(described(declaredInput)),
    outputs: graph.output.map(described(declaredOutput)),
    overridable: overridableOf(graph).map(described(declaredInput)),
  }));
}

/** Whether a value is declared as something else than a tensor. */
const isOther = ({ name, type }: ValueInfoProto): boolean =>
  name !== '' &&
  (type?.sequenceType ?? type?.mapType ?? type?.optionalType ?? type?.sparseTensorType) !== undefined;
