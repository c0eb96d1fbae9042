/** An ONNX model as a program: what runs on the host, the graph, and its free dimensions. */
import { inspectedProgram } from '../../ir/summary.js';
import { HeddleError, type ErrorCode } from '../../base/errors.js';
import { bindDims } from '../../ir/bind-dims.js';
import type { DimBindings } from '../../ir/dim.js';
import type { FreeDims, Program } from '../../ir/graph.js';
import { withAlignedData } from './aligned.js';
import { externalReader } from './external.js';
import { readModel, type OnnxModel } from './model.js';
import { unresolved, type OnnxProgram } from './program.js';
import { checkBytes, checkedImportOptions, type ImportOptions } from './options.js';
import { at, placed } from './place.js';
import { declaredDims } from './ports.js';
import { SubgraphCache } from './subgraphs.js';
import type { TextPart } from './text/part.js';
import { splitText } from './text/split.js';
import { Importer, type Inputs } from './importer.js';

/**
 * Imports a serialized ONNX model. Initializers are views of `bytes` where alignment allows it, so keep the array
 * unchanged for as long as the program lives.
 *
 * Element types become IR dtypes: int64 and uint64 have 32 bits where these are proved to be enough, else two words; so have
 * doubles, whose functions (exp, sin, ...) are computed in f32, with a note. Small integers are widened and wrap as they should,
 * small floats are f32 and rounded.
 *
 * A sequence is as many inputs or outputs as it has tensors: see `sequences` of the options.
 *
 * The data of tensors may lie in other files (`externalData`). Functions of the model are imported where they are called.
 *
 * Recurrent operators, Scan and Loop become loops, If becomes the branch that is taken where its condition is known, else a
 * cond. A Loop whose shapes depend on the number of the trip is spelled out, if the number of trips is known. What has no
 * fixed shape is refused with ONNX_DYNAMIC_SHAPE: stacked outputs of a Loop that a computed condition or a computed number
 * of trips ends, whatever bounds it, and branches of several shapes.
 *
 * Nodes that take or give text, and ImageDecoder, run on the host, before the graph and after it: `text` of the program runs them.
 * They are refused inside of functions and of the graphs of nodes.
 *
 * Dimensions that have no number stay symbols. Where an operator needs their sizes, the model is imported again for those of
 * each run: `graph` and `outputs` of the program then throw what says where that is.
 *
 * @throws HeddleError: FILE_FORMAT, FILE_TRUNCATED, FILE_CORRUPT for files; ONNX_INVALID for models that break ONNX's own
 *   rules, SHAPE_MISMATCH, DTYPE_MISMATCH and ATTRIBUTE_INVALID for their nodes; ONNX_UNSUPPORTED_OP, of all operators that are missing, _DTYPE and
 *   _FEATURE; ONNX_DYNAMIC_SHAPE and DIM_UNBOUND where a shape is not known; LIMIT_EXCEEDED; INPUT_UNKNOWN, INPUT_SHAPE,
 *   INPUT_DTYPE and USAGE for `options`. Each names the file, and the node where there is one.
 */
export function importOnnx(bytes: Uint8Array, given?: ImportOptions): OnnxProgram {
  checkBytes(bytes);
  const options = checkedImportOptions(given);
  const file = options.fileName ?? 'the model';
  return at(file, () => importModel(readModel(bytes, file), file, options));
}

function importModel(model: OnnxModel, file: string, options: ImportOptions): OnnxProgram {
  const split = splitText(
    model,
    options,
    new SubgraphCache(),
    externalReader(options.externalData),
    `${file}, `,
  );
  if (split === undefined) return importNumbers(model, file, options, undefined);
  const { inputShapes = {}, weights } = options;
  const texts = [...split.part.inputs.map(({ name }) => name), ...split.fixed];
  const left = weights && new Map([...weights].filter(([name]) => !split.fixed.includes(name)));
  const shapes = Object.entries(inputShapes).filter(([name]) => !texts.includes(name));
  return importNumbers(
    split.model,
    file,
    {
      ...options,
      dims: ofNumbers(model, texts, options),
      inputShapes: Object.fromEntries(shapes),
      ...(left && { weights: left }),
    },
    split.part,
  );
}

/** The dimensions that are given, without those that inputs on the host alone have: these are bound where the model is split. */
function ofNumbers(
  { graph }: OnnxModel,
  texts: readonly string[],
  { dims = {} }: ImportOptions,
): NonNullable<ImportOptions['dims']> {
  const named = (isText: boolean): ReadonlySet<unknown> =>
    new Set(
      graph.input
        .filter(({ name }) => texts.includes(name) === isText)
        .flatMap(({ type }) => declaredDims(type?.tensorType?.shape?.dim ?? [])),
    );
  const [onHost, inGraph] = [named(true), named(false)];
  return Object.fromEntries(Object.entries(dims).filter(([name]) => !onHost.has(name) || inGraph.has(name)));
}

/** The graph of numbers of a model, and what was split off it. */
function importNumbers(
  model: OnnxModel,
  file: string,
  options: ImportOptions,
  text: TextPart | undefined,
): OnnxProgram {
  const importer = new Importer(model, file, options, text);
  const ports = importer.defineInputs();
  const free = freeDims(model, file, options, ports, text);
  try {
    const program = importer.run(ports);
    return inspectedProgram(free === undefined ? program : { ...program, free: free(program) });
  } catch (error) {
    if (free === undefined || !(error instanceof HeddleError) || !NEEDS_SIZES.has(error.code)) throw error;
    return unresolved(importer.about(ports), free(), text, placed(error, file));
  }
}

/** What an operator throws that needs the size of a dimension, or cannot compare it with another one. */
const NEEDS_SIZES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ONNX_DYNAMIC_SHAPE',
  'DIM_UNBOUND',
  'SHAPE_MISMATCH',
  'ATTRIBUTE_INVALID',
  'LIMIT_EXCEEDED',
]);

/** The free dimensions of a model, which is imported again for given sizes unless its `program` can have any; if it has some. */
function freeDims(
  model: OnnxModel,
  file: string,
  options: ImportOptions,
  { listed, ports }: Inputs,
  text: TextPart | undefined,
): ((program?: Program) => FreeDims) | undefined {
  const names = ports.leftSymbols();
  const symbols = Object.keys(names);
  if (symbols.length === 0) return undefined;
  let kept: OnnxModel | undefined;
  const again = (sizes: DimBindings): Program => {
    kept ??= withAlignedData(model);
    const own = kept;
    const dims = Object.fromEntries(symbols.map((symbol) => [names[symbol], sizes[symbol]]));
    const { graph, weights } = at(file, () => importNumbers(own, file, { ...options, dims: { ...options.dims, ...dims } }, text)); // prettier-ignore
    return { graph, weights };
  };
  return (program) => ({
    symbols,
    inputs: listed.map(({ name, type }) => ({ name, ...type })),
    ranges: ports.ranges(),
    bind: (sizes) => (program === undefined ? undefined : bound(program, sizes)) ?? again(sizes),
  });
}

/** `program` for these sizes; undefined where they do not fit what its shapes were taken for, such as an extent of 1 that repeats. */
function bound({ graph, weights }: Program, sizes: DimBindings): Program | undefined {
  try {
    return { graph: bindDims(graph, sizes), weights };
  } catch (error) {
    if (error instanceof HeddleError) return undefined;
    throw error;
  }
}
