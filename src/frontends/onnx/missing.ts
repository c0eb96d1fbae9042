/** All operators of a model that are not there, found before anything is imported. */
import { HeddleError } from '../../base/errors.js';
import { normalDomain, opsetOf } from './domain.js';
import { shorten } from './limits.js';
import { readOpsets, type OnnxModel } from './model.js';
import { registry } from './ops/index.js';
import { at } from './place.js';
import type { FunctionProto, NodeProto } from './proto/onnx.js';
import type { SubgraphCache } from './subgraphs.js';

interface Missing {
  readonly error: HeddleError;
  readonly first: string;
  count: number;
}

/** What a message lists. */
const LISTED = 20;

/**
 * Looks at the nodes of a model, of the functions that it calls, and of the bodies of loops. Branches of an If are left out: one
 * of them may never be imported.
 *
 * @throws ONNX_UNSUPPORTED_OP or ONNX_UNSUPPORTED_FEATURE: of one operator as it is where it stands; of several with a list of
 *   them, how many nodes each has, and the first one.
 */
export function checkOperators(model: OnnxModel, subgraphs: SubgraphCache, place: string): void {
  const missing = new Map<string, Missing>();
  const visited = new Set<FunctionProto>();
  const visit = (
    nodes: readonly NodeProto[],
    opsets: OnnxModel['opsets'],
    where: string,
    depth: number,
  ): void => {
    nodes.forEach((node, index) => {
      const called = model.functions.find(node);
      if (called === undefined) look(node, opsets, `${where}${labelOf(node, index)}`);
      else if (!visited.has(called)) {
        visited.add(called);
        const own = new Map([...opsets, ...readOpsets(called.opsetImport)]);
        visit(called.node, own, `function ${shorten(called.name)}, `, depth);
      }
      if (node.opType === 'If') return;
      for (const { name, g } of node.attribute)
        if (g !== undefined)
          visit(subgraphs.decode(g, name, depth + 1).node, opsets, `${where}${labelOf(node, index)}, ${shorten(name)}, `, depth + 1); // prettier-ignore
    });
  };
  const look = (node: NodeProto, opsets: OnnxModel['opsets'], where: string): void => {
    const opset = opsetOf(opsets, node.domain);
    if (opset === undefined) return;
    const key = `${node.opType} of ${normalDomain(node.domain) || 'ai.onnx'} ${opset}`;
    const known = missing.get(key);
    if (known !== undefined) known.count++;
    const error = known === undefined ? missingOperator(node, opset) : undefined;
    if (error !== undefined) missing.set(key, { error, first: where, count: 1 });
  };
  visit(model.graph.node, model.opsets, '', 0);
  report(missing, place);
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

function report(missing: ReadonlyMap<string, Missing>, place: string): void {
  const [only] = missing.values();
  if (missing.size === 1)
    at(`${place}${only.first}`, () => {
      throw only.error;
    });
  if (missing.size < 2) return;
  const lines = Array.from(missing, ([key, { count, first }]) => `${shorten(key)} (${count === 1 ? '' : `${count} nodes, the first `}${first})`); // prettier-ignore
  const more = lines.length > LISTED ? `, and ${lines.length - LISTED} more` : '';
  throw new HeddleError('ONNX_UNSUPPORTED_OP', `${missing.size} operators are not supported`, {
    where: place.replace(/, $/, ''),
    found: `${lines.slice(0, LISTED).join(', ')}${more}`,
    hint: 'export the model so that these are left out or made of others, as at another operator set',
  });
}
