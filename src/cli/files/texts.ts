/** Tensors of text in files: ONNX tensors, or lists of strings as JSON. */
import { join } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import { isExtent, isText, isWord, readNamedValue, text, type TextTensor } from '../../frontends/onnx/text/tensor.js'; // prettier-ignore
import { fileStem } from './file-names.js';
import { namesIn, readBytes, readJson } from './files.js';

export interface FoundText {
  readonly file: string;
  readonly value: TextTensor;
}

/**
 * The texts for the ports `names`; `ports` are all inputs of the model, whose positions names of files say.
 *
 * @throws INPUT_MISSING where a file is not there, NAME_COLLISION where several are for one input, FILE_FORMAT for what is not a tensor of strings, and what the readers throw.
 */
export function readTexts(
  folder: string,
  names: readonly string[],
  ports: readonly string[],
): ReadonlyMap<string, FoundText> {
  const listed = new Set(names.length === 0 ? [] : namesIn(folder));
  return new Map(
    names.map((name) => {
      const position = ports.indexOf(name);
      const files = [`${fileStem(name)}.json`, `input_${position}.json`, `input_${position}.pb`];
      const [found, ...others] = files.filter((file) => listed.has(file));
      if (others.length > 0)
        throw new HeddleError('NAME_COLLISION', 'several files are for one input', {
          where: `${folder}, input ${JSON.stringify(name)}`,
          found: [found, ...others].join(', '),
          expected: 'one file for each input',
        });
      if (found === undefined)
        throw new HeddleError('INPUT_MISSING', `the folder has no texts for input "${name}"`, {
          where: folder,
          expected: files.join(' or '),
        });
      const file = join(folder, found);
      return [name, { file, value: found.endsWith('.json') ? nested(readJson(file), file) : ofProto(file) }];
    }),
  );
}

function ofProto(file: string): TextTensor {
  const { value } = readNamedValue(readBytes(file), file);
  if (isText(value)) return value;
  throw new HeddleError('FILE_FORMAT', 'the file holds no texts', { where: file, found: value.dtype, expected: 'strings' }); // prettier-ignore
}

/** Lists of lists of strings, all of one length on each level, as a tensor. */
function nested(value: unknown, file: string): TextTensor {
  const shape: number[] = [];
  for (let inner = value; Array.isArray(inner); inner = (inner as readonly unknown[])[0]) shape.push(inner.length); // prettier-ignore
  const level = (part: unknown, depth: number): readonly string[] => {
    if (depth === shape.length && isWord(part)) return [part];
    if (Array.isArray(part) && part.length === shape[depth] && isExtent(part.length))
      return part.flatMap((each: unknown) => level(each, depth + 1));
    throw new HeddleError('FILE_FORMAT', 'the file holds no tensor of strings', {
      where: file,
      expected: 'JSON: a string, or lists of strings, all of one length on each level',
    });
  };
  return text(shape, level(value, 0));
}

/** The same as JSON. */
export function jsonOfTexts({ shape, data }: TextTensor): Uint8Array {
  const level = (depth: number, from: number, count: number): unknown => {
    if (depth === shape.length) return data[from];
    const step = count / Math.max(1, shape[depth]);
    return Array.from({ length: shape[depth] }, (_, i) => level(depth + 1, from + i * step, step));
  };
  return new TextEncoder().encode(`${JSON.stringify(level(0, 0, data.length))}\n`);
}
