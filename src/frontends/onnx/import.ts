/** An ONNX model as a graph: node by node, each through its entry in the tables. */
import { inspectedGraph, inspectedProgram } from '../../ir/summary.js';
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { shellWord } from '../../base/printable.js';
import { isBytes } from '../../base/values.js';
import type { TensorData } from '../../base/tensor.js';
import type { GraphBuilder } from '../../ir/builder.js';
import type { Value } from '../../ir/emitter.js';
import { isStatic } from '../../ir/dim.js';
import type { Program } from '../../ir/graph.js';
import { printShape, shapesEqual, type Shape } from '../../ir/types.js';
import { FoldBudget, NodeContext, typed, type TypedValue } from './context.js';
import { DEFAULT_ONNX_DTYPE, irDType, type OnnxDType } from './dtype.js';
import { foldNode, type EmitNode } from './fold/interpret.js';
import { equalTensors, fromTensorData, type HostTensor } from './host.js';
import { checkedCount, shorten } from './limits.js';
import { readModel, type OnnxModel } from './model.js';
import { SharingBuilder, valueNames } from './names.js';
import { registry } from './ops/index.js';
import { checkedImportOptions, type ImportOptions } from './options.js';
import { lastConstants, topologicalOrder } from './order.js';
import { at } from './place.js';
import { declaredOutput, Ports, printDeclared, type Declared, type OnnxPort } from './ports.js';
import type { NodeProto } from './proto/onnx.js';
import type { Result } from './registry.js';
import { signatureOf } from './signatures/index.js';
import { checkNode } from './signatures/signature.js';
import { readTensor } from './tensor.js';
import { graphValue, KnownValue, type OnnxValue } from './value.js';

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
 * Element types become IR dtypes: double is computed in f32, int64 and uint64 in 32 bits (shape arithmetic, which is done
 * here, is exact), small integers are widened and wrap as they should.
 *
 * @throws HeddleError: FILE_FORMAT, FILE_TRUNCATED, FILE_CORRUPT for files; ONNX_INVALID for models that break ONNX's own
 *   rules, SHAPE_MISMATCH, DTYPE_MISMATCH and ATTRIBUTE_INVALID for their nodes; ONNX_UNSUPPORTED_OP, _DTYPE and
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

const isDefaultDomain = (domain: string): boolean => domain === '' || domain === 'ai.onnx';

/** Most dimensions that a hint lists. */
const LISTED = 8;

/** Runs `body`; where a shape has to be known for it, the error names all dimensions of the inputs that are not. */
function withUnbound(ports: Ports, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (!(error instanceof HeddleError) || error.code !== 'ONNX_DYNAMIC_SHAPE') throw error;
    const names = Object.values(ports.leftSymbols());
    if (names.length === 0) throw error;
    const options = names.slice(0, LISTED).map((name) => `--dim ${shellWord(`${shorten(name)}=1`)}`);
    throw error.with({
      hint: `give the dimensions of the inputs their values: ${options.join(' ')}${names.length > LISTED ? ' ...' : ''}, or importOnnx(bytes, {dims: {name: value}})`,
    });
  }
}

class Importer {
  private readonly b: SharingBuilder;
  private readonly weights = new Map<string, TensorData>();
  /** Outputs by their names. */
  private readonly listed = new Set<string>();
  private readonly values = new Map<string, OnnxValue>();
  private readonly replaced: ReadonlyMap<string, TensorData>;
  private readonly budget = new FoldBudget();

  constructor(
    private readonly model: OnnxModel,
    private readonly file: string,
    private readonly options: ImportOptions,
  ) {
    this.b = new SharingBuilder(model.graph.name === '' ? 'onnx' : shorten(model.graph.name));
    this.replaced = options.weights ?? new Map();
  }

  run(): OnnxProgram {
    const { graph, opsets, producer } = this.model;
    for (const proto of graph.initializer) {
      if (proto.name === '') throw new HeddleError('ONNX_INVALID', 'an initializer has no name');
      const tensor = readTensor(proto, `${this.file}, initializers`);
      this.define(new KnownValue(proto.name, tensor, this.b, this.weights));
    }
    const ports = new Ports(
      graph.input.filter(({ name }) => !this.values.has(name)),
      this.options,
      this.file,
    );
    const inputs = ports.inputs().filter((port) => this.defineInput(port));
    const constants = lastConstants(graph.node);
    for (const { node, index } of topologicalOrder(graph.node, constants))
      if (constants.counts(index)) withUnbound(ports, () => this.importNode(node, index));
    const outputs = graph.output.map((info) => this.output(declaredOutput(info, this.file), ports));
    this.rejectUnknownReplacements();
    const symbols = ports.leftSymbols();
    return {
      graph: inspectedGraph({ ...this.b.build(), names: valueNames(this.b, this.values) }),
      weights: this.weights,
      inputs,
      outputs,
      opsets,
      producer,
      symbols,
      notes: constants.notes,
    };
  }

  /** Makes `value` known under its name, which nothing else has; a replacement for it takes its place. */
  private define(value: OnnxValue): void {
    const earlier = this.values.get(value.name);
    // Exporters repeat constants; the same name for the same tensor does no harm.
    if (earlier?.known !== undefined && value.known !== undefined && equalTensors(earlier.known, value.known))
      return;
    const tensor = this.replaced.get(value.name);
    // Whoever replaces a value has said which of them is meant.
    if (earlier !== undefined && tensor !== undefined) return;
    if (earlier !== undefined) throw this.clash(value, earlier);
    this.values.set(
      value.name,
      tensor === undefined ? value : this.replacement(value.name, value.dtype, value.shape, tensor),
    );
  }

  private clash({ name, known }: OnnxValue, earlier: OnnxValue): HeddleError {
    const makers = this.model.graph.node.flatMap(({ output, opType }, i) =>
      output.includes(name) ? [`node #${i} (${shorten(opType)})`] : [],
    );
    const constants = earlier.known !== undefined && known !== undefined;
    return new HeddleError('ONNX_INVALID', 'two values have one name', {
      found: `"${shorten(name)}"${makers.length < 2 ? '' : `, of ${makers.slice(0, 2).join(' and ')}`}`,
      expected: 'names that are defined once, as ONNX demands',
      hint: constants ? 'the constants differ; `weights` of importOnnx says which is meant' : undefined,
    });
  }

  private replacement(name: string, dtype: OnnxDType, shape: Shape, tensor: TensorData): OnnxValue {
    const where = `${this.file}, replacement of "${name}"`;
    const expected = `${irDType(dtype)}${printShape(shape)}`;
    const found = `${tensor.dtype}${printShape(tensor.shape)}`;
    if (tensor.dtype !== irDType(dtype))
      throw new HeddleError('INPUT_DTYPE', 'a weight has the wrong dtype', { where, found, expected });
    if (shape.every(isStatic) && !shapesEqual(shape, tensor.shape))
      throw new HeddleError('INPUT_SHAPE', 'a weight has the wrong shape', { where, found, expected });
    return new KnownValue(name, fromTensorData(tensor, dtype), this.b, this.weights);
  }

  /** False for an input that a replacement fixes: the program then has no such input. */
  private defineInput({ name, dtype, type }: OnnxPort): boolean {
    const tensor = this.replaced.get(name);
    if (tensor === undefined)
      this.define(graphValue(name, dtype, this.b.param(name, type.dtype, type.shape)));
    else this.values.set(name, this.replacement(name, dtype, type.shape, tensor));
    return tensor === undefined;
  }

  private importNode(node: NodeProto, index: number): void {
    const label = node.name === '' ? `#${index}` : `"${shorten(node.name)}"`;
    at(`${this.file}, node ${label} (${shorten(node.opType)})`, () => {
      this.b.nextOperator();
      const results = this.b.within(node.name === '' ? `${node.opType}_${index}` : shorten(node.name), () =>
        this.evaluate(node),
      );
      node.output.forEach((name, i) => {
        if (name !== '') this.define(this.resultValue(node, name, results[i], i));
      });
    });
  }

  private evaluate(node: NodeProto): readonly (TypedValue | HostTensor)[] {
    if (this.model.functions.has(`${node.domain}:${node.opType}`))
      throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'functions defined in the model are not supported');
    const opset = this.model.opsets.get(isDefaultDomain(node.domain) ? '' : node.domain);
    if (opset === undefined)
      throw new HeddleError('ONNX_INVALID', 'the model imports no operator set of this domain', {
        found: shorten(node.domain),
        expected: [...this.model.opsets.keys()].map((domain) => shorten(domain || 'ai.onnx')).join(', '),
      });
    const entry = registry.find(node.domain, node.opType, opset);
    const inputs = node.input.map((name) => (name === '' ? undefined : this.lookUp(name)));
    const signature = isDefaultDomain(node.domain) ? signatureOf(node.opType, opset) : undefined;
    const typeOf =
      signature &&
      checkNode(
        signature,
        node,
        opset,
        inputs.map((input) => input?.dtype),
      );
    const contextOf = (b: GraphBuilder, operands: NodeContext['inputs']): NodeContext =>
      new NodeContext(b, node, opset, operands, this.budget);
    const emit: EmitNode = (b, operands) =>
      [entry.emit(contextOf(b, operands))]
        .flat()
        .map((result, i) => this.withType(node, result, typeOf?.(i)));
    const ctx = contextOf(this.b, inputs);
    const view = entry.view?.(ctx);
    if (view !== undefined) return [view];
    return foldNode(entry, ctx, emit) ?? emit(this.b, inputs);
  }

  private lookUp(name: string): OnnxValue {
    const value = this.values.get(name);
    if (value !== undefined) return value;
    throw new HeddleError('ONNX_INVALID', 'a value is not defined', { found: `"${shorten(name)}"` });
  }

  /** A result in the graph with its element type: that of its signature, where the handler names none. */
  private withType(
    node: NodeProto,
    result: Result,
    declared: OnnxDType | undefined,
  ): TypedValue | HostTensor {
    if ('data' in result || 'value' in result) return result;
    const fits = declared !== undefined && irDType(declared) === result.type.dtype;
    return typed(result, fits ? declared : this.likelyDType(node, result));
  }

  private resultValue(
    node: NodeProto,
    name: string,
    result: TypedValue | HostTensor | undefined,
    index: number,
  ): OnnxValue {
    if (result === undefined)
      throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', `output ${index} of the operator is not supported`);
    if ('data' in result)
      return new KnownValue(name, result, this.b, this.weights, this.viewed(node, result));
    const { value, dtype } = result;
    checkedCount(
      value.type.shape.map((dim) => (isStatic(dim) ? dim : 1)),
      `result "${shorten(name)}"`,
    );
    return graphValue(name, dtype, value);
  }

  /** The operand whose elements `tensor` has, and no copy of them. */
  private viewed({ input }: NodeProto, { dtype, data }: HostTensor): KnownValue | undefined {
    return input
      .map((name) => this.values.get(name))
      .find((value) => value instanceof KnownValue && value.dtype === dtype && value.known.data === data) as
      KnownValue | undefined;
  }

  /** ONNX's rule for nearly all operators: a result has the type of the first input that it can have come from. */
  private likelyDType(node: NodeProto, value: Value): OnnxDType {
    for (const name of node.input) {
      const input = this.values.get(name);
      if (input !== undefined && irDType(input.dtype) === value.type.dtype) return input.dtype;
    }
    return DEFAULT_ONNX_DTYPE[value.type.dtype];
  }

  private output(declared: Declared, ports: Ports): OnnxPort {
    const { name, dtype, dims } = declared;
    return at(`${this.file}, output "${shorten(name)}"`, () => {
      const { value, dtype: computed, shape } = this.lookUp(name);
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
    for (const name of this.replaced.keys())
      if (!this.values.has(name))
        throw new HeddleError('INPUT_UNKNOWN', 'no value to replace has that name', { found: name });
  }
}
