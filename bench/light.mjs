/**
 * The `light` graphs of the ONNX backend suite make every weight with a ConstantOfShape node. This puts real
 * initialisers in their place, so that an importer sees the file that a publisher would ship.
 */
import protobuf from 'protobufjs/minimal.js';
import { seeded } from './random.mjs';

const MODEL_GRAPH = 7;
const GRAPH_NODE = 1;
const GRAPH_INITIALIZER = 5;
const NODE_OUTPUT = 2;
const NODE_OP_TYPE = 4;

/** The fields of a protobuf message: number, the whole field as written, and the payload where it has a length. */
function* fieldsOf(message) {
  const reader = protobuf.Reader.create(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    let payload;
    if ((tag & 7) === 2) payload = reader.bytes();
    else reader.skipType(tag & 7);
    yield { id: tag >>> 3, whole: message.subarray(start, reader.pos), payload };
  }
}

/** A length-delimited field made of `chunks`, as a list of chunks. */
function delimited(id, chunks) {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const header = protobuf.Writer.create()
    .uint32((id << 3) | 2)
    .uint32(length)
    .finish();
  return [header, ...chunks];
}

/** A TensorProto of seeded floats, as a list of chunks. */
function weightTensor({ name, shape, lo, hi, seed }) {
  const next = seeded(seed);
  const values = Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    () => lo + (hi - lo) * next(),
  );
  const header = protobuf.Writer.create();
  header.uint32((1 << 3) | 2).fork();
  for (const dim of shape) header.int64(dim);
  header.ldelim();
  header.uint32((2 << 3) | 0).int32(1);
  header.uint32((8 << 3) | 2).string(name);
  return [header.finish(), ...delimited(9, [new Uint8Array(values.buffer)])];
}

/**
 * @param {Uint8Array} model the ONNX file of the suite
 * @param {{ weights: { name: string, shape: number[], lo: number, hi: number, seed: number }[] }} recipe
 * @returns {Uint8Array} the ONNX file with weights
 */
export function seedLightModel(model, recipe) {
  const weights = new Set(recipe.weights.map(({ name }) => name));
  const text = new TextDecoder();
  const makesWeight = (node) => {
    const fields = [...fieldsOf(node)];
    const has = (id, test) => fields.some((field) => field.id === id && test(text.decode(field.payload)));
    return (
      has(NODE_OP_TYPE, (op) => op === 'ConstantOfShape') && has(NODE_OUTPUT, (output) => weights.has(output))
    );
  };
  const file = [];
  for (const field of fieldsOf(model)) {
    if (field.id !== MODEL_GRAPH) {
      file.push(field.whole);
      continue;
    }
    const graph = [];
    let replaced = 0;
    for (const part of fieldsOf(field.payload)) {
      if (part.id === GRAPH_NODE && makesWeight(part.payload)) replaced += 1;
      else graph.push(part.whole);
    }
    if (replaced !== weights.size)
      throw new Error(`${replaced} weights found in the graph, ${weights.size} in the recipe`);
    for (const weight of recipe.weights) graph.push(...delimited(GRAPH_INITIALIZER, weightTensor(weight)));
    file.push(...delimited(MODEL_GRAPH, graph));
  }
  return new Uint8Array(Buffer.concat(file));
}
