/** The file as a whole: is it an ONNX model, and of which operator sets? */
import { LENGTH_BYTES } from '../../base/safetensors/format.js';
import { HeddleError } from '../../base/errors.js';
import { MAX_OPSET, shorten } from './limits.js';
import { LocalFunctions } from './functions.js';
import { withMatrices } from './maps.js';
import { at } from './place.js';
import { decodeMessage } from './proto/decode.js';
import { Model, type GraphProto, type ModelProto } from './proto/onnx.js';

export interface OnnxModel {
  readonly graph: GraphProto;
  /** Version by domain; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly producer: string;
  readonly functions: LocalFunctions;
}

/**
 * Decodes a model.
 *
 * @throws FILE_FORMAT where it is something else, FILE_TRUNCATED or FILE_CORRUPT where it is broken, ONNX_INVALID and
 *   ONNX_UNSUPPORTED_FEATURE for its operator sets.
 */
export function readModel(bytes: Uint8Array, file: string): OnnxModel {
  const model = decodeModel(bytes, file);
  const { graph } = model;
  if (graph === undefined)
    throw new HeddleError('FILE_FORMAT', 'the file is not an ONNX model', { where: file, found: 'no graph' });
  return {
    graph: withMatrices(graph),
    opsets: at(file, () => readOpsets(model.opsetImport)),
    producer: [model.producerName, model.producerVersion].filter((text) => text !== '').join(' '),
    functions: at(file, () => new LocalFunctions(model.functions)),
  };
}

function decodeModel(bytes: Uint8Array, file: string): ModelProto {
  const other = OTHER_FORMATS.find(({ is }) => is(bytes));
  if (other !== undefined || !looksLikeModel(bytes))
    throw new HeddleError('FILE_FORMAT', 'the file is not an ONNX model', {
      where: file,
      found: other?.found ?? (bytes.length === 0 ? 'an empty file' : `bytes ${hex(bytes.subarray(0, 8))}...`),
      expected: 'a serialized ModelProto',
      hint: other?.hint,
    });
  return decodeMessage(Model, bytes, file);
}

const BRACE = '{'.charCodeAt(0);

const beginsWith =
  (text: string) =>
  (bytes: Uint8Array): boolean =>
    Array.from(text, (letter) => letter.charCodeAt(0)).every((code, i) => bytes[i] === code);

/** What else is a model here. No field of ModelProto begins with a brace, and names in a model hold no zeros. */
const OTHER_FORMATS = [
  {
    /** 8 bytes of a length below 2^32, then JSON. */
    is: (bytes: Uint8Array) =>
      bytes[LENGTH_BYTES] === BRACE && !bytes.subarray(4, LENGTH_BYTES).some(Boolean),
    found: 'a safetensors file',
    hint: 'loadBundle of heddle/runtime loads what `heddle compile` has written',
  },
  {
    is: beginsWith('GGUF'),
    found: 'a GGUF file',
    hint: '`heddle generate` and loadModel of heddle/llm run language models',
  },
  { is: beginsWith('\x89PNG'), found: 'a PNG picture', hint: 'a model is a file such as model.onnx' },
  {
    is: ([first]: Uint8Array) => first === BRACE,
    found: 'JSON',
    hint: 'networkProgram of heddle/config takes a network config',
  },
];

/** The tag byte that a model begins with: a field of ModelProto with its wire type. Writers begin with ir_version. */
function looksLikeModel(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  const known = Model.byId.get(first >> 3);
  return known !== undefined && known[1].codec.wire === (first & 7);
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** Versions by domain. Throws ONNX_INVALID, and ONNX_UNSUPPORTED_FEATURE for one that is too new. */
export function readOpsets(opsetImport: ModelProto['opsetImport']): ReadonlyMap<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of opsetImport) {
    const key = domain === 'ai.onnx' ? '' : domain;
    if (version < 1n || version > 0xffffn)
      throw new HeddleError('ONNX_INVALID', 'not a version of an operator set', {
        found: `${shorten(domain || 'ai.onnx')} ${version}`,
      });
    opsets.set(key, Number(version));
  }
  // Files older than IR version 3 name no operator sets and mean the first one.
  if (opsets.size === 0) opsets.set('', 1);
  const version = opsets.get('') ?? 1;
  if (version > MAX_OPSET)
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'the operator set is newer than this program', {
      found: `ai.onnx ${version}`,
      expected: `at most ${MAX_OPSET}`,
    });
  return opsets;
}
