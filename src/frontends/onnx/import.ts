/** An ONNX model as a graph: node by node, each through its entry in the tables. */
import { inspectedGraph, inspectedProgram } from '../../ir/summary.js';
import { describeValue } from '../../base/describe.js';
import { HeddleError, withFacts } from '../../base/errors.js';
import { shellWord } from '../../base/printable.js';
import { isBytes } from '../../base/values.js';
import type { TensorData } from '../../base/tensor.js';
import type { Program } from '../../ir/graph.js';
import { printShape } from '../../ir/types.js';
import { FoldBudget } from './context.js';
import { shorten } from './limits.js';
import { externalReader } from './external.js';
import { checkOperators } from './missing.js';
import { readModel, type OnnxModel } from './model.js';
import { SharingBuilder, valueNames } from './names.js';
import { checkedImportOptions, type ImportOptions } from './options.js';
import { at } from './place.js';
import { declaredOutput, DimBindings, printDeclared, type Declared, type OnnxPort } from './ports.js';
import { GraphScope, modelUnit, type ModelImport } from './scope.js';
import { inputsOf, SubgraphCache } from './subgraphs.js';
import { graphValue, weightOf } from './value.js';

/** A program with what the model says about itself. */
export interface OnnxProgram extends Program {
  /** Without the initializers that old files list among them. */
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** Version by domain; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The program that wrote the file. */
  readonly producer: string;
  /** Symbolic dimensions that are still unbound: symbol to name in the file; they differ where that is long. */
  readonly symbols: Readonly<Record<string, string>>;
  /** What the model breaks and was imported nevertheless, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Imports a serialized ONNX model. Initializers are views of `bytes` where alignment allows it, so keep the array
 * unchanged for as long as the program lives.
 *
 * Element types become IR dtypes: double is computed in f32, int64 and uint64 in 32 bits (what is known here is exact; the
 * notes say where more may be lost), small integers are widened and wrap as they should, small floats are f32 and rounded.
 *
 * The data of tensors may lie in other files (`externalData`). Functions of the model are imported where they are called.
 *
 * Recurrent operators, Scan and Loop become loops, If becomes the branch that is taken where its condition is known, else a
 * cond. A Loop whose shapes depend on the number of the trip is spelled out, if the number of trips is known. What has no
 * fixed shape is refused with ONNX_DYNAMIC_SHAPE: stacked outputs of a Loop that a computed condition or a computed number
 * of trips ends, whatever bounds it, and branches of several shapes.
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
  return inspectedProgram(at(file, () => new Importer(readModel(bytes, file), file, options).run()));
}

function checkBytes(bytes: unknown): void {
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

/** Most dimensions that a hint lists. */
const LISTED = 8;

/** Runs `body`; where a shape has to be known for it, the error names all dimensions of the inputs that are not. */
function withUnbound(ports: DimBindings, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== 'ONNX_DYNAMIC_SHAPE') throw error;
    const names = Object.values(ports.leftSymbols());
    if (names.length === 0) throw error;
    const options = names.slice(0, LISTED).map((name) => `--dim ${shellWord(`${shorten(name)}=1`)}`);
    throw withFacts(error, {
      hint: `give the dimensions of the inputs their values: ${options.join(' ')}${names.length > LISTED ? ' ...' : ''}, or importOnnx(bytes, {dims: {name: value}})`,
    });
  }
}

class Importer {
  private readonly b: SharingBuilder;
  private readonly weights = new Map<string, TensorData>();
  /** Outputs by their names. */
  private readonly listed = new Set<string>();
  private readonly shared: ModelImport;
  private readonly scope: GraphScope;

  constructor(
    private readonly model: OnnxModel,
    private readonly file: string,
    private readonly options: ImportOptions,
  ) {
    const b = new SharingBuilder(model.graph.name === '' ? 'onnx' : shorten(model.graph.name));
    this.b = b;
    this.shared = {
      model,
      replaced: options.weights ?? new Map<string, TensorData>(),
      external: externalReader(options.externalData),
      budget: new FoldBudget(),
      subgraphs: new SubgraphCache(),
      notes: [],
      seen: new Set(),
    };
    const home = { b, weight: weightOf(b, this.weights), nextOperator: () => b.nextOperator() };
    this.scope = new GraphScope(this.shared, home, modelUnit(model), `${file}, `);
  }

  run(): OnnxProgram {
    const { graph, opsets, producer } = this.model;
    checkOperators(this.model, this.shared.subgraphs, `${this.file}, `);
    this.scope.defineInitializers(graph);
    const ports = new DimBindings(inputsOf(graph), this.options, this.file);
    const inputs = ports.inputs().filter((port) => this.defineInput(port));
    this.scope.importNodes(graph, (body) => withUnbound(ports, body));
    const outputs = graph.output.map((info) => this.output(declaredOutput(info, this.file), ports));
    this.rejectUnknownReplacements();
    const symbols = ports.leftSymbols();
    return {
      graph: inspectedGraph({ ...this.b.build(), names: valueNames(this.b, this.scope.values) }),
      weights: this.weights,
      inputs,
      outputs,
      opsets,
      producer,
      symbols,
      notes: this.shared.notes,
    };
  }

  /** False for an input that a replacement fixes: the program then has no such input. */
  private defineInput({ name, dtype, type }: OnnxPort): boolean {
    const tensor = this.shared.replaced.get(name);
    if (tensor === undefined)
      this.scope.define(graphValue(name, dtype, this.b.param(name, type.dtype, type.shape)));
    else this.scope.values.set(name, this.scope.replacement(name, dtype, type.shape, tensor));
    return tensor === undefined;
  }

  private output(declared: Declared, ports: DimBindings): OnnxPort {
    const { name, dtype, dims } = declared;
    return at(`${this.file}, output "${shorten(name)}"`, () => {
      const { value, dtype: computed, shape } = this.scope.lookUp(name);
      if (computed !== dtype)
        throw new HeddleError('ONNX_INVALID', 'an output has not the declared type', {
          found: computed,
          expected: dtype,
        });
      if (!ports.canHave(declared, shape))
        throw new HeddleError('ONNX_INVALID', 'an output has not the declared shape', {
          found: printShape(shape),
          expected: printDeclared(dims ?? []),
        });
      // A model may list a value twice: it is one output, by its name.
      if (!this.listed.has(name)) this.b.output(name, value);
      this.listed.add(name);
      return { name, dtype, type: value.type };
    });
  }

  private rejectUnknownReplacements(): void {
    for (const name of this.shared.replaced.keys())
      if (!this.shared.seen.has(name) && !this.scope.values.has(name))
        throw new HeddleError('INPUT_UNKNOWN', 'no value to replace has that name', { found: name });
  }
}
