/** Models in several files, `NAME-00001-of-00003.gguf`, each a GGUF of its own. */
import { must } from '../../base/fields.js';
import type { ByteSource } from '../files/source.js';
import { readGguf, type Gguf, type GgufTensor } from './read.js';

const PART = /-(\d{5})-of-(\d{5})\.gguf$/;

/** What opens the file of a name. */
export type Opener = (name: string) => Promise<ByteSource>;

/** A model and the files in which it lies. */
export interface OpenGguf extends Gguf {
  readonly sources: readonly ByteSource[];
}

/**
 * The model of which `name` is the only file, or one of several: the others lie beside it. Throws as `readGguf` does, and
 * FILE_CORRUPT where parts do not belong together.
 */
export async function openGguf(name: string, open: Opener): Promise<OpenGguf> {
  const sources: ByteSource[] = [];
  const openPart = async (part: string): Promise<Gguf> => {
    const source = await open(part);
    sources.push(source);
    return readGguf(source);
  };
  try {
    const given = await openPart(name);
    const count = given.metadata.get('split.count') ?? 1;
    must(typeof count === 'number' && count >= 0, 'the number of parts is not a count', name, String(count), 'a count'); // prettier-ignore
    if (count <= 1) return { ...given, sources };
    const [, , announced] = PART.exec(name) ?? [];
    must(Number(announced) === count, 'the name of a part does not say which it is', name, name, `NAME-00001-of-${digits(count)}.gguf`); // prettier-ignore
    const names = Array.from({ length: count }, (_, i) => name.replace(PART, `-${digits(i + 1)}-of-${digits(count)}.gguf`)); // prettier-ignore
    const parts: Gguf[] = [];
    for (const part of names) parts.push(part === name ? given : await openPart(part));
    return { ...parts[0], tensors: joined(parts, names), sources };
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    throw error;
  }
}

const digits = (count: number): string => String(count).padStart(5, '0');

function joined(parts: readonly Gguf[], names: readonly string[]): ReadonlyMap<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  parts.forEach((part, i) => {
    must(part.metadata.get('split.no') === i, 'a part has another number than its name', names[i], String(part.metadata.get('split.no')), String(i)); // prettier-ignore
    for (const [name, tensor] of part.tensors) {
      must(!tensors.has(name), 'two parts have tensors of one name', names[i], name, 'unique names');
      tensors.set(name, tensor);
    }
  });
  const announced = parts[0].metadata.get('split.tensors.count');
  if (announced !== undefined)
    must(announced === tensors.size, 'tensors are missing', names[0], tensors.size, String(announced));
  return tensors;
}
