/** Models whose name says another kind of file than they are, and files that are another kind of model than is needed. */
import { HeddleError, withFacts } from '../../base/errors.js';
import { readBytes } from '../files/files.js';

interface Kind {
  readonly what: string;
  /** What the names of such files end with. */
  readonly ending: string;
  readonly is: (bytes: Uint8Array) => boolean;
}

const BRACE = '{'.charCodeAt(0);

/** Told by their first bytes: safetensors begin with 8 bytes of length, ONNX models with their first field, the version. */
const KINDS: readonly Kind[] = [
  { what: 'a bundle', ending: '.heddle', is: (bytes) => bytes[8] === BRACE && bytes[7] === 0 },
  { what: 'an ONNX model', ending: '.onnx', is: (bytes) => bytes[0] === 0x08 },
  { what: 'a network config', ending: '.json', is: (bytes) => bytes[0] === BRACE },
];

/** Runs `body`, which opens the model in `path`; where it is not of the expected format, the error says what it may be. */
export async function orMisnamed<T>(path: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!isFormatOf(path, error)) throw error;
    const kind = kindOf(path);
    if (kind === undefined || path.endsWith(kind.ending)) throw error;
    throw withFacts(error, {
      hint: `it looks like ${kind.what}, and the names of those end with ${kind.ending}`,
    });
  }
}

/** Runs `body`, which reads the network config in `path`; where that is another kind of model, the error says so. */
export function orOtherModel<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!isFormatOf(path, error)) throw error;
    const kind = kindOf(path);
    if (kind === undefined || kind.ending === '.json') throw error;
    throw withFacts(error, {
      expected: 'a network config, in JSON',
      hint: `it looks like ${kind.what}, whose weights are not trained`,
    });
  }
}

/** Whether an error says that the file at `path` is not of the expected format. */
const isFormatOf = (path: string, error: unknown): error is HeddleError =>
  error instanceof HeddleError && error.code === 'FILE_FORMAT' && error.where === path;

function kindOf(path: string): Kind | undefined {
  const bytes = readBytes(path);
  return KINDS.find(({ is }) => is(bytes));
}
