/**
 * What the specification allows of a node of an operator: how many inputs and outputs, of which element types, and which
 * attributes. The tables beside this file have a row for each version that changed any of it, as far as the element types
 * that Heddle knows are concerned.
 */
import { HeddleError } from '../../../base/errors.js';
import { nearestName } from '../../../base/nearest.js';
import { KINDS, type AttributeKind } from '../attributes.js';
import { normalDomain } from '../domain.js';
import { isOnnxDType, type OnnxDType } from '../dtype.js';
import { shorten } from '../limits.js';
import type { NodeProto } from '../proto/onnx.js';

const INDICES = ['int32', 'int64'] as const;
const UNSIGNED = ['uint8', 'uint16', 'uint32', 'uint64'] as const;
/** Those of IEEE 754. */
const IEEE = ['float', 'double', 'float16'] as const;
const FLOATS = [...IEEE, 'bfloat16'] as const;
const INTEGERS = ['int8', 'int16', ...INDICES, ...UNSIGNED] as const;

const FLOAT8 = ['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz'] as const;
/** Elements that are stored and converted, and not computed with. */
const STORED = [...FLOAT8, 'uint4', 'int4', 'float4e2m1', 'float8e8m0', 'uint2', 'int2'] as const;

/** The version of ai.onnx that brought an element type; the others were there from the start. */
const BROUGHT_BY: Partial<Record<OnnxDType, number>> = {
  bfloat16: 13,
  ...{ float8e4m3fn: 19, float8e4m3fnuz: 19, float8e5m2: 19, float8e5m2fnuz: 19 },
  ...{ uint4: 21, int4: 21, float4e2m1: 23, float8e8m0: 24, uint2: 25, int2: 25 },
};

const TYPE_SETS = {
  floats: FLOATS,
  ieee: IEEE,
  integers: INTEGERS,
  unsigned: UNSIGNED,
  indices: INDICES,
  numbers: [...FLOATS, ...INTEGERS],
  all: [...FLOATS, ...INTEGERS, 'bool'],
  /** All that there are. */
  any: [...FLOATS, ...INTEGERS, 'bool', ...STORED],
  float8: FLOAT8,
  /** What QuantizeLinear gives. */
  quantized: ['int8', 'uint8', 'int16', 'uint16', ...FLOAT8, 'uint4', 'int4', 'float4e2m1', 'uint2', 'int2'],
  /** Numbers of 32 and 64 bits, and float16. */
  wide: [...FLOATS, ...INDICES, 'uint32', 'uint64'],
  /** Those, and bytes. */
  ordered: [...FLOATS, ...INDICES, 'uint32', 'uint64', 'int8', 'uint8'],
} as const satisfies Record<string, readonly OnnxDType[]>;

type TypeSet = keyof typeof TYPE_SETS | OnnxDType;
/** `!`: it has to be given. */
type AttributeSpec = AttributeKind | `${AttributeKind}!`;

/** An input or output: a type or the name of one, and how often it occurs. */
interface SignaturePort {
  readonly type: string;
  readonly occurs: 'once' | 'optional' | 'repeated' | 'mixed';
}

export interface Signature {
  /** The version of the operator set from which on it holds. */
  readonly since: number;
  readonly inputs: readonly SignaturePort[];
  readonly outputs: readonly SignaturePort[];
  /** The element types that a name can stand for; it stands for one of them in each node. */
  readonly types: ReadonlyMap<string, readonly OnnxDType[]>;
  readonly attributes: ReadonlyMap<string, AttributeSpec>;
}

/** Signatures by operator, `op` or `domain:op`, each list in ascending order of versions. */
export type SignatureTable = Readonly<Record<string, readonly Signature[]>>;

/** A signature as `'X B? -> Y'`: `?` may be left out, `*` may be repeated; `**` is any number, each of a type of its own. */
export function v(
  since: number,
  ports: `${string} -> ${string}`,
  types: Readonly<Record<string, TypeSet | readonly TypeSet[]>>,
  attributes: Readonly<Record<string, AttributeSpec>> = {},
): Signature {
  const [inputs, outputs] = ports.split('->').map((side) => (side.match(/\S+/g) ?? []).map(portOf));
  const sets = Object.entries(types).map(([name, set]) => [name, [set].flat().flatMap(membersOf)] as const);
  return { since, inputs, outputs, types: new Map(sets), attributes: new Map(Object.entries(attributes)) };
}

/** Definitions of an operator that takes bfloat16 from version 22 on: the last one holds there, too. */
export const bfloat16From22 = (...rows: readonly Signature[]): readonly Signature[] => [
  ...rows.map((row) => ({
    ...row,
    types: new Map([...row.types].map(([name, set]) => [name, set.filter((dtype) => dtype !== 'bfloat16')])),
  })),
  ...rows.slice(-1).map((row) => ({ ...row, since: 22 })),
];

const OCCURRENCE: Readonly<Record<string, SignaturePort['occurs']>> = {
  '': 'once',
  '?': 'optional',
  '*': 'repeated',
  '**': 'mixed',
};

const isMany = ({ occurs }: SignaturePort): boolean => occurs === 'repeated' || occurs === 'mixed';

const portOf = (text: string): SignaturePort => {
  const [, type, mark] = /^(.*?)(\?|\*\*?)?$/.exec(text)!;
  return { type, occurs: OCCURRENCE[mark ?? ''] };
};

const membersOf = (set: TypeSet): readonly OnnxDType[] =>
  Object.hasOwn(TYPE_SETS, set) ? TYPE_SETS[set as keyof typeof TYPE_SETS] : [set as OnnxDType];

/** The element type of an output, where the types of the inputs determine it. */
export type OutputType = (index: number) => OnnxDType | undefined;

/**
 * Checks a node against its signature.
 *
 * @param opset the version of the operator set, for messages.
 * @param dtypes those of the inputs; undefined for one that is left out.
 * @throws ONNX_INVALID with the rule that the node breaks.
 */
export function checkNode(
  signature: Signature,
  node: NodeProto,
  opset: number,
  dtypes: readonly (OnnxDType | undefined)[],
): OutputType {
  const refuse = (found: string, rule: string, hint?: string): never => {
    throw new HeddleError('ONNX_INVALID', 'the node is not what its operator allows', {
      found,
      expected: `${rule} (${shorten(node.opType)} of ${shorten(normalDomain(node.domain) || 'ai.onnx')} ${opset})`,
      hint,
    });
  };
  checkCount('input', node.input, signature.inputs, refuse);
  checkCount('output', node.output, signature.outputs, refuse);
  checkAttributes(signature, node, refuse);
  const version = normalDomain(node.domain) === '' ? opset : Infinity;
  const bound = checkTypes(signature, dtypes, version, refuse);
  return (index) => {
    const type = portAt(signature.outputs, index)?.type;
    return type === undefined || isOnnxDType(type) ? type : bound.get(type);
  };
}

type Refuse = (found: string, rule: string, hint?: string) => never;

function checkCount(
  what: string,
  names: readonly string[],
  ports: readonly SignaturePort[],
  refuse: Refuse,
): void {
  const count = names.findLastIndex((name) => name !== '') + 1;
  const most = ports.some(isMany) ? Infinity : ports.length;
  const least = ports.findLastIndex(({ occurs }) => occurs === 'once' || occurs === 'repeated') + 1;
  if (count > most || count < least) {
    const range =
      least === most ? `${least}` : most === Infinity ? `${least} or more` : `${least} to ${most}`;
    refuse(`${count} ${what}s`, `${range} ${what}${range === '1' ? '' : 's'}`);
  }
  // Outputs that nobody wants are left out everywhere.
  if (what === 'output') return;
  const gap = names.findIndex(
    (name, i) => name === '' && i < count && portAt(ports, i)?.occurs !== 'optional',
  );
  if (gap >= 0) refuse(`no ${what} ${gap}`, `${what} ${gap} is given`);
}

/** The port at a place; the last one where it is repeated. */
const portAt = (ports: readonly SignaturePort[], index: number): SignaturePort | undefined =>
  ports[index] ?? (ports.slice(-1).some(isMany) ? ports.at(-1) : undefined);

function checkAttributes({ attributes }: Signature, { attribute }: NodeProto, refuse: Refuse): void {
  const names = [...attributes.keys()];
  for (const { name, type } of attribute) {
    // ONNX's own tools keep notes under such names.
    if (name.startsWith('__')) continue;
    const spec = attributes.get(name);
    if (spec === undefined) {
      const nearest = nearestName(name.slice(0, 64), names);
      refuse(
        `attribute ${shorten(name)}`,
        names.length === 0 ? 'no attributes' : `attributes among ${names.join(', ')}`,
        nearest === undefined ? undefined : `did you mean ${nearest}?`,
      );
    } else if (type !== 0 && type !== KINDS[kindOf(spec)]) {
      const kind = Object.entries(KINDS).find(([, code]) => code === type)?.[0] ?? `type ${type}`;
      refuse(`attribute ${name} of kind ${kind}`, `attribute ${name} of kind ${kindOf(spec)}`);
    }
  }
  for (const [name, spec] of attributes)
    if (spec.endsWith('!') && !attribute.some((given) => given.name === name))
      refuse(`no attribute ${name}`, `attribute ${name} is given`);
}

const kindOf = (spec: AttributeSpec): AttributeKind => spec.replace('!', '') as AttributeKind;

function checkTypes(
  { inputs, types }: Signature,
  dtypes: readonly (OnnxDType | undefined)[],
  opset: number,
  refuse: Refuse,
): ReadonlyMap<string, OnnxDType> {
  const bound = new Map<string, OnnxDType>();
  dtypes.forEach((dtype, i) => {
    const port = portAt(inputs, i);
    if (dtype === undefined || port === undefined) return;
    const { type } = port;
    const all = isOnnxDType(type) ? [type] : types.get(type)!;
    const isThere = (name: OnnxDType): boolean => opset >= (BROUGHT_BY[name] ?? 1);
    if (!all.includes(dtype) || !isThere(dtype))
      refuse(`input ${i} of type ${dtype}`, `input ${i} of type ${all.filter(isThere).join(', ')}`);
    if (port.occurs === 'mixed') return;
    const earlier = bound.get(type) ?? dtype;
    if (earlier !== dtype) refuse(`inputs of types ${earlier} and ${dtype}`, 'these inputs have one type');
    bound.set(type, dtype);
  });
  return bound;
}
