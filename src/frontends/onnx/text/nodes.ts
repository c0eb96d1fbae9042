/** Which models and nodes need the host. */
import { normalDomain } from '../domain.js';
import type { GraphProto, NodeProto, ValueInfoProto } from '../proto/onnx.js';
import { STRING } from './tensor.js';

/** Whether anything in a model is for the host, as far as the graph itself says. */
export function needsHost({ input, output, initializer, node }: GraphProto): boolean {
  const isText = ({ type }: ValueInfoProto): boolean => type?.tensorType?.elemType === STRING;
  return (
    input.some(isText) ||
    output.some(isText) ||
    initializer.some(({ dataType }) => dataType === STRING) ||
    node.some((each) => belongsToHost(each) || each.attribute.some(({ name, strings }) => strings.length > 0 && WORDS.test(name))) // prettier-ignore
  );
}

const WORDS = /^(pool|cats|classlabels|keys|values|classes)_strings$/;

/** Whether a node runs on the host, whatever it takes: one that gives text, or decodes an image. */
export function belongsToHost(node: NodeProto): boolean {
  const { opType, attribute } = node;
  const has = (name: string): boolean => attribute.some((each) => each.name === name && (each.strings.length > 0 || each.t?.dataType === STRING)); // prettier-ignore
  switch (opType) {
    case 'Constant':
      return has('value_strings') || has('value') || attribute.some(({ name }) => name === 'value_string');
    case 'Cast':
      return attribute.some(({ name, i }) => name === 'to' && i === BigInt(STRING));
    case 'LabelEncoder':
      return has('values_strings') || has('values_tensor') || has('classes_strings');
    case 'CategoryMapper':
      return true;
    case 'ImageDecoder':
      return decodesImage(node);
    default:
      return false;
  }
}

export const decodesImage = ({ opType, domain }: NodeProto): boolean =>
  opType === 'ImageDecoder' && normalDomain(domain) === '';
