/** Where a model comes from: what programs give to `InferenceSession.create`. */
import type { InferenceSession } from 'onnxruntime-common';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { isBytes, isTyped } from '../base/values.js';
import type { ImageDecoders } from '../data/images/index.js';
import type { ExternalData } from '../frontends/onnx/external.js';
import { checkedSessionOptions } from './options.js';
import type { Platform } from './platform.js';

/** A model as `importOnnx` takes it. */
export interface ModelSource {
  readonly bytes: Uint8Array;
  /** For messages. */
  readonly fileName: string;
  readonly externalData?: ExternalData | undefined;
  readonly imageDecoders: ImageDecoders;
}

export type ModelFile = string | Uint8Array;

/** Reads a model, and the files of `options.externalData`. Throws FILE_UNREADABLE, USAGE. */
export async function readSource(
  model: ModelFile,
  { externalData }: InferenceSession.SessionOptions,
  platform: Platform,
): Promise<ModelSource> {
  const isPath = typeof model === 'string';
  const given = await readExternal(externalData, isPath ? model : '', platform);
  return {
    bytes: isPath ? await platform.read(model) : model,
    fileName: isPath ? model : 'the model',
    externalData: given ?? (isPath ? platform.beside(model) : undefined),
    imageDecoders: platform.imageDecoders(),
  };
}

/** The files by their paths; undefined where none are listed. */
async function readExternal(
  listed: InferenceSession.SessionOptions['externalData'],
  model: string,
  platform: Platform,
): Promise<Readonly<Record<string, Uint8Array>> | undefined> {
  if (listed === undefined) return undefined;
  const entries = listed.map(async (file): Promise<[string, Uint8Array]> => {
    if (typeof file !== 'string') return [file.path, await fileBytes(file.data, model, platform)];
    const name = isPlace(file) ? file.slice(file.lastIndexOf('/') + 1) : file;
    return [name, await fileBytes(file, model, platform)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function fileBytes(data: unknown, model: string, platform: Platform): Promise<Uint8Array> {
  if (typeof data === 'string') return platform.read(besideOf(model, data));
  if (isBytes(data)) return data;
  if (isBuffer(data)) return new Uint8Array(data);
  const blob = Object(data) as { readonly arrayBuffer?: () => Promise<ArrayBuffer> };
  if (typeof blob.arrayBuffer === 'function') return new Uint8Array(await blob.arrayBuffer());
  throw new HeddleError('USAGE', 'the data of a file is of no kind that can be read', {
    where: 'externalData',
    found: describeValue(data),
    expected: 'a path, a URL, bytes or a Blob',
  });
}

/** Whether a path leads somewhere by itself: a URL, or one from a root or the working folder on. */
const isPlace = (path: string): boolean => /^([a-z]+:|[/\\.])/i.test(path);

const besideOf = (model: string, path: string): string =>
  isPlace(path) ? path : model.slice(0, model.lastIndexOf('/') + 1) + path;

const isBuffer = (value: unknown): value is ArrayBufferLike => {
  const name = Object.prototype.toString.call(value);
  return name === '[object ArrayBuffer]' || name === '[object SharedArrayBuffer]';
};

/**
 * The model and the options among the arguments of `create`, which are (path), (bytes) or (buffer, offset?, length?), and
 * options last. Throws USAGE.
 */
export function sourceArguments(
  given: readonly unknown[],
): [model: ModelFile, options: InferenceSession.SessionOptions] {
  const [model, ...rest] = given;
  const numbers = rest.findIndex((value) => typeof value !== 'number');
  const range = (numbers === -1 ? rest : rest.slice(0, numbers)) as readonly number[];
  const options = rest[range.length];
  if (typeof model !== 'string' && !isBytes(model) && !isBuffer(model))
    throw new HeddleError('USAGE', 'a model is given by its path or as bytes', {
      where: 'InferenceSession.create',
      found: describeValue(model),
      expected: 'a path, a Uint8Array or an ArrayBuffer',
      hint: isTyped(model, 'DataView') ? 'new Uint8Array(view.buffer, ...)' : undefined,
    });
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw new HeddleError('USAGE', 'the options are given as an object', {
      where: 'InferenceSession.create',
      found: describeValue(options),
    });
  return [isBuffer(model) ? partOf(model, range) : model, checkedSessionOptions(options ?? {})];
}

function partOf(buffer: ArrayBufferLike, [offset = 0, length]: readonly number[]): Uint8Array {
  const rest = buffer.byteLength - offset;
  const size = length ?? rest;
  if (Number.isSafeInteger(offset) && Number.isSafeInteger(size) && offset >= 0 && size > 0 && size <= rest)
    return new Uint8Array(buffer, offset, size);
  throw new HeddleError('USAGE', 'the range of bytes is not in the buffer', {
    where: 'InferenceSession.create',
    found: `${size} bytes from ${offset} on`,
    expected: `a range in ${buffer.byteLength} bytes`,
  });
}
