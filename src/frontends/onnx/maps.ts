/**
 * Outputs that are sequences of maps, which ZipMap makes of the scores of a classifier: all maps have the keys that its attributes
 * name, so that a matrix with a column for each key says the same.
 */
import { Attributes } from './attributes.js';
import { ONNX_DTYPES } from './dtype.js';
import { decodeMessage } from './proto/decode.js';
import {
  Contained,
  Dimension,
  Type,
  type GraphProto,
  type NodeProto,
  type ValueInfoProto,
} from './proto/onnx.js';

/** The keys of maps, text or int64. */
export type MapKeys = readonly string[] | readonly bigint[];

const isZipMap = ({ domain, opType }: NodeProto): boolean => domain === 'ai.onnx.ml' && opType === 'ZipMap';

/** The ZipMap that gives the value of that name. */
const zipMapOf = ({ node }: Pick<GraphProto, 'node'>, name: string): NodeProto | undefined =>
  node.find((each) => isZipMap(each) && each.output[0] === name);

/** The keys of the maps that an output stands for; undefined where it stands for none. */
export function mapKeys(graph: Pick<GraphProto, 'node'>, name: string): MapKeys | undefined {
  const node = zipMapOf(graph, name);
  return node && keysOf(new Attributes(node.attribute));
}

/** The keys that a ZipMap names, text first; empty where there are none. */
export function keysOf(attr: Attributes): MapKeys {
  const words = attr.strings('classlabels_strings') ?? [];
  return words.length > 0 ? words : (attr.bigInts('classlabels_int64s') ?? []);
}

function isMaps({ name, type }: ValueInfoProto): boolean {
  if (type?.sequenceType === undefined) return false;
  const { elemType } = decodeMessage(Contained, type.sequenceType, name);
  return elemType !== undefined && decodeMessage(Type, elemType, name).mapType !== undefined;
}

/** A matrix of floats, with a column for each key. */
function matrixOf(columns: number): ValueInfoProto['type'] {
  const none = decodeMessage(Dimension, new Uint8Array(0), '');
  const shape = { dim: [none, { ...none, dimValue: BigInt(columns) }] };
  const tensorType = { elemType: ONNX_DTYPES.float.code, shape };
  return { ...decodeMessage(Type, new Uint8Array(0), ''), tensorType };
}

/** The graph with matrices for the outputs that are maps. */
export function withMatrices(graph: GraphProto): GraphProto {
  if (!graph.node.some(isZipMap)) return graph;
  return {
    ...graph,
    output: graph.output.map((info) => {
      const keys = isMaps(info) ? mapKeys(graph, info.name) : undefined;
      return keys === undefined ? info : { ...info, type: matrixOf(keys.length) };
    }),
  };
}
