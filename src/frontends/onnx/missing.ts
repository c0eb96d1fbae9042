/** All operators of a model that are not there, found before anything is imported. */
import { HeddleError } from '../../base/errors.js';
import { normalDomain, opsetOf } from './domain.js';
import { shorten } from './limits.js';
import { readOpsets, type OnnxModel } from './model.js';
import { registry } from './ops/index.js';
import { at } from './place.js';
import type { FunctionProto, NodeProto } from './proto/onnx.js';
import type { SubgraphCache } from './subgraphs.js';

/** An operator that a model needs and Heddle lacks. */
export interface MissingOperator {
  /** `Name of domain opset`. */
  readonly operator: string;
  /** How many nodes are of it. */
  readonly count: number;
  /** The first of them, for people. */
  readonly first: string;
  /** The place of that node, or of the node whose graph it is in, among those of the model; undefined inside of a function. */
  readonly node: number | undefined;
  readonly error: HeddleError;
}

/** What a message lists. */
const LISTED = 20;

/**
 * The operators that are not there, of the nodes of a model, of the functions that it calls, and of the bodies of loops. Branches of an
 * If are left out: one of them may never be imported.
 */
export function missingOperators(model: OnnxModel, subgraphs: SubgraphCache): readonly MissingOperator[] {
  const missing = new Map<string, MissingOperator>();
  const visited = new Set<FunctionProto>();
  const visit = (
    nodes: readonly NodeProto[],
    opsets: OnnxModel['opsets'],
    where: string,
    depth: number,
    placeOf: (index: number) => number | undefined,
  ): void => {
    nodes.forEach((node, index) => {
      const called = model.functions.find(node);
      const place = placeOf(index);
      if (called === undefined) look(node, opsets, `${where}${labelOf(node, index)}`, place);
      else if (!visited.has(called)) {
        visited.add(called);
        const own = new Map([...opsets, ...readOpsets(called.opsetImport)]);
        visit(called.node, own, `function ${shorten(called.name)}, `, depth, () => undefined);
      }
      if (node.opType === 'If') return;
      for (const { name, g } of node.attribute)
        if (g !== undefined)
          visit(subgraphs.decode(g, name, depth + 1).node, opsets, `${where}${labelOf(node, index)}, ${shorten(name)}, `, depth + 1, () => place); // prettier-ignore
    });
  };
  const look = (
    node: NodeProto,
    opsets: OnnxModel['opsets'],
    first: string,
    place: number | undefined,
  ): void => {
    const opset = opsetOf(opsets, node.domain);
    if (opset === undefined) return;
    const operator = `${node.opType} of ${normalDomain(node.domain) || 'ai.onnx'} ${opset}`;
    const known = missing.get(operator);
    const error = known?.error ?? missingOperator(node, opset);
    if (error === undefined) return;
    missing.set(operator, known === undefined ? { operator, count: 1, first, node: place, error } : { ...known, count: known.count + 1 }); // prettier-ignore
  };
  visit(model.graph.node, model.opsets, '', 0, (index) => index);
  return [...missing.values()];
}

/**
 * @throws ONNX_UNSUPPORTED_OP or ONNX_UNSUPPORTED_FEATURE: of one missing operator as it is where it stands; of several with a list of
 *   them, how many nodes each has, and the first one.
 */
export function checkOperators(model: OnnxModel, subgraphs: SubgraphCache, place: string): void {
  const missing = missingOperators(model, subgraphs);
  const [only] = missing;
  if (missing.length === 1)
    at(`${place}${only.first}`, () => {
      throw only.error;
    });
  if (missing.length < 2) return;
  const lines = missing.map(({ operator, count, first }) => `${shorten(operator)} (${count === 1 ? '' : `${count} nodes, the first `}${first})`); // prettier-ignore
  const more = lines.length > LISTED ? `, and ${lines.length - LISTED} more` : '';
  throw new HeddleError('ONNX_UNSUPPORTED_OP', `${missing.length} operators are not supported`, {
    where: place.replace(/, $/, ''),
    found: `${lines.slice(0, LISTED).join(', ')}${more}`,
    hint: 'export the model so that these are left out or made of others, as at another operator set',
  });
}

const labelOf = ({ name, opType }: NodeProto, index: number): string =>
  `node ${name === '' ? `#${index}` : `"${shorten(name)}"`} (${shorten(opType)})`;

function missingOperator({ domain, opType }: NodeProto, opset: number): HeddleError | undefined {
  try {
    registry.find(domain, opType, opset);
    return undefined;
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
}
