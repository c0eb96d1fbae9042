/**
 * Nodes of every operator, in every version, that break one rule of its signature: each is refused with the node, the operator, its
 * version and the rule.
 */
import { describe, expect, test } from 'vitest';
import type { ProtoAttribute, ProtoDType } from '../../../scripts/onnx-proto.mjs';
import { HeddleError } from '../../../src/base/errors.js';
import { operatorName } from '../../../src/frontends/onnx/domain.js';
import { isOnnxDType } from '../../../src/frontends/onnx/dtype.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { registry } from '../../../src/frontends/onnx/ops/index.js';
import { signatureOf } from '../../../src/frontends/onnx/signatures/index.js';
import type { Signature } from '../../../src/frontends/onnx/signatures/signature.js';
import { given, oneNodeModel, type OneNode, type Operand } from './support.js';

type Attributes = Record<string, ProtoAttribute>;

/** A node that its signature allows, as far as one value for each input goes. */
interface Base {
  readonly spec: OneNode & { readonly attributes: Attributes };
  readonly signature: Signature;
}

const ENCODED: readonly string[] = ['float', 'int64', 'int32', 'bool', 'uint8', 'int8', 'double', 'float16'];
const OF_KIND: Readonly<Record<string, ProtoAttribute>> = {
  int: 1,
  float: { float: 1 },
  string: 'x',
  ints: [1],
  floats: { floats: [1] },
};

const operand = (dtype: string): Operand => given([1], [1], dtype as ProtoDType);

function baseOf(domain: string, op: string, opset: number): Base | undefined {
  const signature = signatureOf(operatorName(domain, op), opset)!;
  const dtypeOf = (type: string): string | undefined =>
    (isOnnxDType(type) ? [type] : (signature.types.get(type) ?? [])).find((dtype) => ENCODED.includes(dtype));
  const dtypes = signature.inputs.map(({ type }) => dtypeOf(type));
  const required = [...signature.attributes].filter(([, kind]) => kind.endsWith('!'));
  const attributes = required.map(([name, kind]) => [name, OF_KIND[kind.slice(0, -1)]] as const);
  if (dtypes.includes(undefined) || attributes.some(([, value]) => (value as unknown) === undefined)) return undefined; // prettier-ignore
  const operands = dtypes.map((dtype) => operand(dtype!));
  return { spec: { domain, op, opset, operands, attributes: Object.fromEntries(attributes) }, signature };
}

/** Breaks one rule; undefined where the operator has no such rule. */
type Breach = (base: Base) => OneNode | undefined;

const isMany = ({ occurs }: Signature['inputs'][number]): boolean => occurs === 'repeated' || occurs === 'mixed'; // prettier-ignore

const BREACHES: Readonly<Record<string, Breach>> = {
  'a missing input': ({ spec, signature }) => {
    const last = signature.inputs.findLastIndex(({ occurs }) => occurs === 'once' || occurs === 'repeated');
    return last < 0 ? undefined : { ...spec, operands: spec.operands.slice(0, last) };
  },
  'an input too many': ({ spec, signature }) =>
    signature.inputs.some(isMany) ? undefined : { ...spec, operands: [...spec.operands, operand('float')] },
  'an output too many': ({ spec, signature }) =>
    signature.outputs.some(isMany) ? undefined : { ...spec, outputs: new Array<'float'>(signature.outputs.length + 1).fill('float') }, // prettier-ignore
  'an unknown attribute': ({ spec }) => ({ ...spec, attributes: { ...spec.attributes, nonsense: 1 } }),
  'a missing attribute': ({ spec }) => {
    const [first] = Object.keys(spec.attributes);
    if (first === undefined) return undefined;
    const { [first]: _, ...attributes } = spec.attributes;
    return { ...spec, attributes };
  },
  'an attribute of another kind': ({ spec, signature }) => {
    const [name, kind] = [...signature.attributes].at(0) ?? [];
    if (name === undefined || kind === undefined) return undefined;
    const other = kind.startsWith('string') ? 1 : 'x';
    return { ...spec, attributes: { ...spec.attributes, [name]: other } };
  },
  'an element type that it does not take': ({ spec, signature }) => {
    const [first] = signature.inputs;
    if (first === undefined) return undefined;
    const allowed: readonly string[] = isOnnxDType(first.type) ? [first.type] : signature.types.get(first.type)!; // prettier-ignore
    const wrong = ENCODED.find((dtype) => !allowed.includes(dtype));
    return wrong === undefined ? undefined : { ...spec, operands: spec.operands.with(0, operand(wrong)) };
  },
};

/** What is wrong with how a model is refused, in a line. */
function problemOf(spec: OneNode): string | undefined {
  const name = `${spec.op} of ${spec.domain === '' ? 'ai.onnx' : spec.domain} ${spec.opset}`;
  try {
    importOnnx(oneNodeModel(spec));
    return `${name} is accepted`;
  } catch (error) {
    if (!(error instanceof HeddleError)) return `${name}: ${String(error)}`;
    const { code, where = '', expected = '' } = error;
    const isSaid = code === 'ONNX_INVALID' && where.includes(spec.op) && expected.includes(`(${name})`);
    return isSaid ? undefined : `${name}: ${code}, ${error.message}, at ${where}, expected ${expected}`;
  }
}

describe('a node with', () => {
  const bases = registry.rows().flatMap(({ domain, op, since }) => baseOf(domain, op, since) ?? []);

  test.each(Object.entries(BREACHES))('%s', (_, breach) => {
    const broken = bases.flatMap((base) => breach(base) ?? []);
    expect(broken.length).toBeGreaterThan(30);
    expect(broken.flatMap((spec) => problemOf(spec) ?? [])).toEqual([]);
  });
});
