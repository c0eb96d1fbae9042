/** What {@link importOnnx} may be told, and its checks: everything that needs no model. */
import * as args from '../../base/arguments.js';
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { func, kind, listOf, map, oneOf, record, required, text, type Kind } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import { checkElements, type TensorData } from '../../base/tensor.js';
import { FOREIGN_FORMATS, type ImageDecoders } from '../../data/images/index.js';
import { isBytes, isListOf } from '../../base/values.js';
import type { DimRange } from '../../ir/graph.js';
import type { ExternalData } from './external.js';
import { shorten } from './limits.js';
import type { DimOptions } from './ports.js';

export interface ImportOptions extends DimOptions {
  /** Tensors that take the place of initializers, constant results of nodes or inputs, by name. */
  readonly weights?: ReadonlyMap<string, TensorData>;
  /** The files of external data, by their paths relative to the model; or a function that reads parts of them. */
  readonly externalData?: ExternalData;
  /**
   * Initializers that become inputs of the program: those that the model lists among its inputs, too, so that a caller may
   * override them. {@link OnnxPort.initial} has what the model gives. Default: none; they are constants.
   */
  readonly overridable?: readonly string[];
  /**
   * Decoders of ImageDecoder for `jpeg`, `jpeg2000`, `tiff` and `webp`, each a function from the bytes of a file to
   * `{ width, height, data }`, with four bytes (red, green, blue, alpha) a pixel, as ImageData of a page has them. `imageDecoders`
   * of heddle/node has those that are installed. Default: none; bmp, png and pnm need none.
   */
  readonly imageDecoders?: ImageDecoders;
  /** For messages. */
  readonly fileName?: string;
}

/** Lists and maps are objects too: what they hold would be passed over. */
const byName = kind(
  'an object with a value for each name',
  (value) => record.accepts(value) && !Array.isArray(value) && !map.accepts(value),
);

const OPTIONS: OptionTable<ImportOptions> = {
  dims: byName,
  inputShapes: byName,
  sequences: byName,
  wideInputs: listOf('names of inputs', (name) => typeof name === 'string'),
  weights: map,
  externalData: kind(
    'an object with the bytes of each file, or a function',
    (value) => typeof value === 'function' || byName.accepts(value),
  ),
  overridable: listOf('names', (name) => typeof name === 'string'),
  imageDecoders: byName,
  fileName: text,
};

const isExtent = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const extent = required(
  kind('a whole number, or { min, max } with two of them, and step or not', (value) => {
    if (isExtent(value)) return true;
    const { min, max, step = 1 } = (value ?? {}) as Partial<DimRange>;
    return isExtent(min) && (max === Infinity || isExtent(max)) && min <= max && isExtent(step) && step > 0;
  }),
);

const shapes = required(
  kind(
    'a list of shapes, or null',
    (value) => value === null || isListOf(value, (shape) => isListOf(shape, isExtent)),
  ),
);

/** Throws USAGE for what is not an option, INPUT_DTYPE and INPUT_SHAPE for a weight that does not hold what it says. */
export function checkedImportOptions(given: unknown): ImportOptions {
  const options = checkedOptions(given, OPTIONS, 'importOnnx');
  checkEach('dims', Object.entries(options.dims ?? {}), extent);
  checkEach('inputShapes', Object.entries(options.inputShapes ?? {}), args.shape);
  checkEach('sequences', Object.entries(options.sequences ?? {}), shapes);
  if (typeof options.externalData === 'object')
    checkEach('externalData', Object.entries(options.externalData), required(args.bytes));
  for (const [format, decode] of Object.entries(options.imageDecoders ?? {}))
    args.checkArguments('importOnnx, imageDecoders', { format, decode }, { format: required(oneOf(...FOREIGN_FORMATS)), decode: required(func) }); // prettier-ignore
  checkEach('weights', options.weights ?? [], args.hostTensor);
  for (const [name, tensor] of options.weights ?? [])
    checkElements(tensor, `importOnnx, weights, "${shorten(name)}"`);
  return options;
}

function checkEach(option: string, entries: Iterable<readonly [unknown, unknown]>, expected: Kind): void {
  const where = `importOnnx, ${option}`;
  for (const [name, value] of entries) {
    args.checkArguments(where, { name }, { name: required(text) });
    const label = shorten(name as string);
    args.checkArguments(where, { [label]: value }, { [label]: expected });
  }
}

/** Throws USAGE unless a model is given as bytes. */
export function checkBytes(bytes: unknown): void {
  if (isBytes(bytes)) return;
  throw new HeddleError('USAGE', 'a model is given as bytes', {
    where: 'importOnnx',
    found: describeValue(bytes),
    expected: 'a Uint8Array, such as readFileSync(path)',
    hint:
      bytes instanceof ArrayBuffer
        ? 'new Uint8Array(buffer)'
        : typeof bytes === 'string'
          ? 'importOnnx(readFileSync(path)); in browsers the bytes of a fetch'
          : undefined,
  });
}
