/** Functions that a model defines: which one a node calls, and what its body sees of the call. */
import { HeddleError } from '../../base/errors.js';
import { normalDomain } from './domain.js';
import { shorten } from './limits.js';
import type { AttributeProto, FunctionProto, NodeProto } from './proto/onnx.js';

/** The functions of a model. */
export class LocalFunctions {
  private readonly byName = new Map<string, FunctionProto>();

  /** Throws ONNX_INVALID where two are one. */
  constructor(functions: readonly FunctionProto[]) {
    for (const proto of functions) {
      const key = keyOf(proto.domain, proto.name, proto.overload);
      if (this.byName.has(key))
        throw new HeddleError('ONNX_INVALID', 'two functions of the model have one name', {
          found: `${shorten(proto.name)} of ${shorten(proto.domain || 'ai.onnx')}`,
        });
      this.byName.set(key, proto);
    }
  }

  /** The function that a node calls; undefined where it is no function of the model. */
  find({ domain, opType, overload }: NodeProto): FunctionProto | undefined {
    // Most models have none, and every node is asked.
    return this.byName.size === 0 ? undefined : this.byName.get(keyOf(domain, opType, overload));
  }
}

const keyOf = (domain: string, name: string, overload: string): string =>
  [normalDomain(domain), name, overload].join('\0');

/** The attributes of a function by name, as a call gives them or the function has them by default. */
export type FunctionAttributes = ReadonlyMap<string, AttributeProto>;

/** Checks a call against what the function declares. Throws ONNX_INVALID. */
export function attributesOfCall(called: FunctionProto, node: NodeProto): FunctionAttributes {
  const refuse = (found: string, expected: string): never => {
    throw new HeddleError('ONNX_INVALID', 'a call does not fit the function of the model', {
      found,
      expected: `${expected} (function ${shorten(called.name)})`,
    });
  };
  const inputs = node.input.findLastIndex((name) => name !== '') + 1;
  if (inputs > called.input.length) refuse(`${inputs} inputs`, `at most ${called.input.length} inputs`);
  const outputs = node.output.findLastIndex((name) => name !== '') + 1;
  if (outputs > called.output.length) refuse(`${outputs} outputs`, `at most ${called.output.length} outputs`);
  const all = new Map(called.attributeProto.map((attribute) => [attribute.name, attribute]));
  const known = new Set([...called.attribute, ...all.keys()]);
  for (const attribute of node.attribute) {
    if (!known.has(attribute.name) && !attribute.name.startsWith('__'))
      refuse(
        `attribute ${shorten(attribute.name)}`,
        known.size === 0 ? 'no attributes' : `attributes among ${[...known].map((name) => shorten(name)).join(', ')}`, // prettier-ignore
      );
    all.set(attribute.name, attribute);
  }
  return all;
}

/** A node of a function's body as a call means it: attributes that refer to the function's own have their values. */
export function resolved(
  node: NodeProto,
  attributes: FunctionAttributes,
  absent: ReadonlySet<string>,
): NodeProto {
  const isPlain = node.attribute.every(({ refAttrName }) => refAttrName === '');
  if (isPlain && !node.input.some((name) => absent.has(name))) return node;
  return {
    ...node,
    input: node.input.map((name) => (absent.has(name) ? '' : name)),
    attribute: node.attribute.flatMap((attribute) => {
      if (attribute.refAttrName === '') return [attribute];
      const value = attributes.get(attribute.refAttrName);
      // One that the call leaves out is left out of the node, too.
      return value === undefined ? [] : [{ ...value, name: attribute.name }];
    }),
  };
}
