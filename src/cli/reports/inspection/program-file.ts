/** A program as it is before the passes, as a file between the two halves of one version: the server of the inspector, and its page. */
import { HeddleError } from '../../../base/errors.js';
import { list, parseJson, text } from '../../../base/fields.js';
import type { TensorData } from '../../../base/tensor.js';
import { readSafetensors } from '../../../data/safetensors/read.js';
import { writeSafetensors } from '../../../data/safetensors/write.js';
import type { Graph, Program } from '../../../ir/graph.js';
import { parseGraph } from '../../../ir/parse.js';
import { printGraph } from '../../../ir/print.js';

const texts = list(text);

/** Safetensors: weights by their place, with their ids, the graph and the names of its nodes as metadata. */
export function writeProgram({ graph, weights }: Program): Uint8Array {
  const numbered = [...weights.values()].map((tensor, i): [string, TensorData] => [`${i}`, tensor]);
  return writeSafetensors(new Map(numbered), {
    graph: printGraph(graph),
    names: JSON.stringify(graph.nodes.map(({ name = '' }) => name)),
    weights: JSON.stringify([...weights.keys()]),
  });
}

/** What {@link writeProgram} has written. Throws FILE_FORMAT and what reading safetensors and IR does. */
export function readProgram(bytes: Uint8Array): Program {
  const { tensors, metadata } = readSafetensors(bytes);
  const field = (name: string): string => {
    if (Object.hasOwn(metadata, name)) return metadata[name];
    throw new HeddleError('FILE_FORMAT', 'the file holds no program', { expected: `metadata ${JSON.stringify(name)}` }); // prettier-ignore
  };
  const ids = parseJson(field('weights'), texts, 'weights');
  const weights = ids.map((id, i): [string, TensorData] => {
    const tensor = tensors.get(`${i}`);
    if (tensor !== undefined) return [id, tensor];
    throw new HeddleError('FILE_FORMAT', 'the file lacks a weight that it names', { where: `weight ${JSON.stringify(id)}`, expected: `tensor "${i}"` }); // prettier-ignore
  });
  return { graph: named(parseGraph(field('graph')), parseJson(field('names'), texts, 'names')), weights: new Map(weights) }; // prettier-ignore
}

const named = (graph: Graph, names: readonly string[]): Graph => ({
  ...graph,
  nodes: graph.nodes.map((node, id) => (names[id] ? { ...node, name: names[id] } : node)),
});
