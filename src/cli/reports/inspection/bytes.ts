/** Reports of files that are in memory, as pages have them: nothing here reads a disk. */
import { HeddleError } from '../../../base/errors.js';
import { fromConfig, networkProgram, parseConfig } from '../../../frontends/config/index.js';
import { importOnnx } from '../../../frontends/onnx/index.js';
import { missingOperators } from '../../../frontends/onnx/missing.js';
import { readModel } from '../../../frontends/onnx/model.js';
import { SubgraphCache } from '../../../frontends/onnx/subgraphs.js';
import type { Program } from '../../../ir/graph.js';
import { leastSizes } from '../../../ir/least-sizes.js';
import { isBundle, openBundle } from '../../models/bundle.js';
import type { Model } from '../../models/model.js';
import { onnxModel } from '../../models/onnx.js';
import { programModel } from '../../models/program.js';
import { inspectionOfFile, valueOfNode } from './file.js';
import { inspectionOf } from './report.js';
import type { InspectionReport, MissingFacts } from './types.js';

const isMissing = (error: unknown): error is HeddleError =>
  error instanceof HeddleError && error.code === 'ONNX_UNSUPPORTED_OP';

/**
 * What became of a config (`.json`), a bundle or an ONNX model, whose free dimensions get small sizes. A model that lacks operators is
 * shown as it is in its file. Throws what reading and compiling do.
 */
export async function inspectBytes(name: string, bytes: Uint8Array): Promise<InspectionReport> {
  try {
    const model = await openBytes(name, bytes);
    return inspectionOf(model, model.prepare('gpu'));
  } catch (error) {
    if (!isMissing(error)) throw error;
    const model = readModel(bytes, name);
    return inspectionOfFile(name, model, missingOperators(model, new SubgraphCache()));
  }
}

/**
 * The program in a config (`.json`), a bundle or an ONNX model, as {@link inspectBytes} takes it. Throws what reading does, and USAGE for
 * a bundle without a graph.
 */
export async function programOf(name: string, bytes: Uint8Array): Promise<Program> {
  const { program } = await openBytes(name, bytes);
  if (program !== undefined) return program;
  throw new HeddleError('USAGE', 'the bundle does not carry its graph, so that nothing can be held against it', { where: name }); // prettier-ignore
}

/** What became of a program that no file holds. */
export function inspectProgram(name: string, program: Program): InspectionReport {
  const model = programModel(name, 'program', program);
  return inspectionOf(model, model.prepare('gpu'));
}

/** The operators of an ONNX model whose lack is what `error` says; undefined where it says something else. */
export function missingIn(
  name: string,
  bytes: Uint8Array,
  error: unknown,
): readonly MissingFacts[] | undefined {
  if (!isMissing(error)) return undefined;
  const model = readModel(bytes, name);
  return missingOperators(model, new SubgraphCache()).map(({ operator, count, first, node }) => ({
    ...{ operator, count, first },
    ...(node === undefined ? {} : { value: valueOfNode(model, node) }),
  }));
}

async function openBytes(name: string, bytes: Uint8Array): Promise<Model> {
  if (name.endsWith('.json')) {
    const config = parseConfig(new TextDecoder().decode(bytes));
    return programModel(name, 'config', await networkProgram(fromConfig(config)));
  }
  if (isBundle(name, bytes)) return openBundle(name, bytes, {});
  const read = importOnnx(bytes, { fileName: name });
  const { free, symbols } = read;
  if (free === undefined) return onnxModel(name, read);
  const sizes = leastSizes(free);
  const dims = Object.fromEntries(Object.entries(sizes).map(([symbol, size]) => [symbols[symbol], size]));
  return onnxModel(name, importOnnx(bytes, { fileName: name, dims }));
}
