/** An ONNX file as it is: what there is to see of a model that cannot be imported, since it needs operators that are missing. */
import type { MissingOperator } from '../../../frontends/onnx/missing.js';
import type { OnnxModel } from '../../../frontends/onnx/model.js';
import { inputsOf } from '../../../frontends/onnx/subgraphs.js';
import type { InspectionReport, NodeFacts } from './types.js';

/** The value that the node at `index` of the file has in the report. */
export const valueOfNode = (model: OnnxModel, index: number): number => sourcesOf(model).length + index;

/** A node has its first output's place; what the file does not say is left out. */
export function inspectionOfFile(
  name: string,
  model: OnnxModel,
  missing: readonly MissingOperator[],
): InspectionReport {
  const sources = sourcesOf(model);
  const { node: nodes, output } = model.graph;
  const values = new Map(sources.map(({ origin }, value) => [origin, value]));
  nodes.forEach((node, i) => {
    for (const made of node.output) if (made !== '') values.set(made, sources.length + i);
  });
  const found = (names: readonly string[]): number[] => names.flatMap((used) => values.get(used) ?? []);
  const reasons = new Map(missing.flatMap(({ node, operator }) => (node === undefined ? [] : [[node, `missing: ${operator}`] as const]))); // prettier-ignore
  const drawn = nodes.map(({ opType, input, name: origin }, i): NodeFacts => {
    const reason = reasons.get(i);
    return {
      ...{ op: opType, inputs: found(input), type: '' },
      ...(origin === '' ? {} : { origin }),
      ...(reason === undefined ? {} : { reason }),
    };
  });
  const outputs = output.flatMap((port) => {
    const value = values.get(port.name);
    return value === undefined ? [] : [{ name: port.name, value }];
  });
  return {
    version: 1,
    model: {
      ...{ name, kind: 'onnx', producer: model.producer },
      inputs: sources.flatMap(({ op, origin = '' }) => (op === 'param' ? [origin] : [])),
      outputs: outputs.map((port) => port.name),
      ...{ target: 'nothing: it cannot be compiled', language: 'wgsl' },
      notes: [`Operators that are missing: ${missing.map(({ operator }) => operator).join(', ')}.`],
    },
    graphs: [{ id: 'g0', title: 'as it is in the file', nodes: [...sources, ...drawn], outputs }],
    ...{ stages: [], rewrites: [], rewritesLeftOut: 0, kernels: [], pipelines: [] },
    memory: { arenaBytes: 0, lowerBound: 0, weightBytes: 0, steps: [], peakStep: -1, tensors: [] },
  };
}

/** Inputs and weights, which come before the nodes. */
const sourcesOf = ({ graph }: OnnxModel): NodeFacts[] => [
  ...inputsOf(graph).map(({ name }) => ({ op: 'param', inputs: [], type: '', attrs: name, origin: name })),
  ...graph.initializer.map(({ name }) => ({ op: 'weight', inputs: [], type: '', attrs: name, origin: name })),
];
