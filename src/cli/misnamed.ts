/** Models whose name says another kind of file than they are. */
import { HeddleError } from '../base/errors.js';
import { readBytes } from './files.js';

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
    if (!(error instanceof HeddleError) || error.code !== 'FILE_FORMAT' || error.where !== path) throw error;
    const bytes = readBytes(path);
    const kind = KINDS.find(({ is }) => is(bytes));
    if (kind === undefined || path.endsWith(kind.ending)) throw error;
    throw error.with({ hint: `it looks like ${kind.what}, and the names of those end with ${kind.ending}` });
  }
}
