/** The values of one graph while it is imported: the model's, or one that a node holds. */
import type { TensorData } from '../../base/tensor.js';
import { HeddleError } from '../../base/errors.js';
import { isStatic } from '../../ir/dim.js';
import type { Value } from '../../ir/emitter.js';
import { printShape, shapesEqual, type Shape } from '../../ir/types.js';
import { NodeContext, typed, type FoldBudget, type Subgraphs, type Surroundings } from './context.js';
import { operatorName, opsetOf } from './domain.js';
import type { DeclaredValues } from './declared.js';
import { DEFAULT_ONNX_DTYPE, irDType, type OnnxDType } from './dtype.js';
import type { ExternalReader } from './external.js';
import { attributesOfCall, resolved, type FunctionAttributes } from './functions.js';
import { foldNode, type EmitNode } from './fold/interpret.js';
import { equalTensors, type HostTensor } from './host.js';
import { checkedCount, MAX_NESTING, shorten } from './limits.js';
import { readOpsets, type OnnxModel } from './model.js';
import { registry } from './ops/index.js';
import { roundTo } from './ops/integers.js';
import { clash } from './names.js';
import { lastConstants, topologicalOrder } from './order.js';
import { capturedValue, homeOf, renamed, resultOf, type Home } from './handover.js';
import { at } from './place.js';
import type { FunctionProto, GraphProto, NodeProto } from './proto/onnx.js';
import type { OpEntry, Resolved, Result } from './registry.js';
import { signatureOf } from './signatures/index.js';
import { checkNode } from './signatures/signature.js';
import { inputsOf, type SubgraphCache } from './subgraphs.js';
import { readSparse } from './sparse.js';
import { readTensor } from './tensor.js';
import { convertWide } from './wide/convert.js';
import type { WideEmitter } from './wide/emitter.js';
import { hostTensor } from './wide/storage.js';
import { isWideDType, WideValue } from './wide/value.js';
import { absentValue, graphValue, KnownValue, sequenceValue, type OnnxValue } from './value.js';

/** What all graphs of a model share. */
export interface ModelImport {
  readonly model: OnnxModel;
  readonly replaced: ReadonlyMap<string, TensorData>;
  readonly external: ExternalReader;
  readonly budget: FoldBudget;
  readonly subgraphs: SubgraphCache;
  /** What the model breaks and was imported nevertheless. */
  readonly notes: string[];
  /** What the model says of the values of its own graph. */
  readonly declared: DeclaredValues;
  /** Names of values that replacements have taken the place of. */
  readonly seen: Set<string>;
}

/** The model, or a function of it: what the nodes there see beside values. */
export interface Unit {
  /** Version by domain; '' is ai.onnx. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Of the function that is called. */
  readonly attributes: FunctionAttributes;
  /** Inputs of the function that the call leaves out. */
  readonly absent: ReadonlySet<string>;
  readonly isFunction: boolean;
}

export const modelUnit = ({ opsets }: OnnxModel): Unit => ({
  opsets,
  attributes: new Map(),
  absent: new Set(),
  isFunction: false,
});

export class GraphScope {
  readonly values = new Map<string, OnnxValue>();

  constructor(
    private readonly shared: ModelImport,
    readonly home: Home,
    private readonly unit: Unit,
    private readonly place: string,
    /** A value of the graphs around this one. */
    private readonly outer: (name: string) => OnnxValue | undefined = () => undefined,
    private readonly depth = 0,
  ) {}

  /** The known tensor of that name. */
  known(name: string, tensor: HostTensor, source?: KnownValue): KnownValue {
    return new KnownValue(name, tensor, this.home.b, this.home.weight, source);
  }

  /** Defines the initializers, but for those of `overridable`: these it returns. */
  defineInitializers(
    { initializer, sparseInitializer }: GraphProto,
    overridable: readonly string[] = [],
  ): ReadonlyMap<string, HostTensor> {
    const where = `${this.place}initializers`;
    const { external } = this.shared;
    const left = new Map<string, HostTensor>();
    const take = (name: string, tensor: HostTensor): void => {
      if (overridable.includes(name)) left.set(name, tensor);
      else this.defineInitializer(name, tensor);
    };
    for (const proto of initializer) take(proto.name, readTensor(proto, where, external));
    for (const proto of sparseInitializer) take(proto.values?.name ?? '', readSparse(proto, where, external));
    return left;
  }

  private defineInitializer(name: string, tensor: HostTensor): void {
    if (name === '') throw new HeddleError('ONNX_INVALID', 'an initializer has no name');
    this.define(this.known(name, tensor));
  }

  /** Imports all nodes of the graph, each within `around`. */
  importNodes(
    { node: nodes }: Pick<GraphProto, 'node'>,
    around: (body: () => void) => void = (body) => body(),
  ): void {
    const constants = lastConstants(nodes);
    for (const note of constants.notes) this.shared.notes.push(note);
    const capturesOf = (node: NodeProto): readonly string[] => this.shared.subgraphs.capturesOf(node);
    for (const { node, index } of topologicalOrder(nodes, constants, capturesOf))
      if (constants.counts(index)) around(() => this.importNode(node, index, nodes));
  }

  /** Makes `value` known under its name, which nothing else has; a replacement for it takes its place. */
  define(value: OnnxValue, nodes: readonly NodeProto[] = this.shared.model.graph.node): void {
    const earlier = this.values.get(value.name);
    // Exporters repeat constants; the same name for the same tensor does no harm.
    if (earlier?.known !== undefined && value.known !== undefined && equalTensors(earlier.known, value.known))
      return;
    const tensor = this.unit.isFunction ? undefined : this.shared.replaced.get(value.name);
    // Whoever replaces a value has said which of them is meant.
    if (earlier !== undefined && tensor !== undefined) return;
    if (earlier !== undefined) throw clash(value, earlier, nodes);
    this.values.set(
      value.name,
      tensor === undefined ? value : this.replacement(value.name, value.dtype, value.shape, tensor),
    );
  }

  /** `tensor` in place of a value that has this type. */
  replacement(name: string, dtype: OnnxDType, shape: Shape, tensor: TensorData): OnnxValue {
    this.shared.seen.add(name);
    const where = `${this.place}replacement of "${name}"`;
    const expected = `${irDType(dtype)}${printShape(shape)}`;
    const found = `${tensor.dtype}${printShape(tensor.shape)}`;
    const isPaired = isWideDType(dtype) && tensor.dtype === 'u32' && tensor.shape.length === shape.length + 1;
    if (!isPaired && tensor.dtype !== irDType(dtype))
      throw new HeddleError('INPUT_DTYPE', 'a weight has the wrong dtype', { where, found, expected });
    const host = hostTensor(tensor, dtype, isPaired);
    if (shape.every(isStatic) && !shapesEqual(shape, host.shape))
      throw new HeddleError('INPUT_SHAPE', 'a weight has the wrong shape', { where, found, expected });
    return this.known(name, host);
  }

  /** The value of that name, here or in the graphs around. Throws ONNX_INVALID where there is none. */
  lookUp(name: string): OnnxValue {
    const value = this.find(name);
    if (value !== undefined) return value;
    throw new HeddleError('ONNX_INVALID', 'a value is not defined', {
      found: `"${shorten(name)}"`,
      expected: 'an input, an initializer, or what a node gives, here or outside',
    });
  }

  private find(name: string): OnnxValue | undefined {
    return this.values.get(name) ?? this.outer(name);
  }

  private importNode(given: NodeProto, index: number, nodes: readonly NodeProto[]): void {
    const node = this.unit.isFunction ? resolved(given, this.unit.attributes, this.unit.absent) : given;
    const label = node.name === '' ? `#${index}` : `"${shorten(node.name)}"`;
    const { b } = this.home;
    at(`${this.place}node ${label} (${shorten(node.opType)})`, () => {
      this.home.nextOperator?.();
      const results = b.within(node.name === '' ? `${node.opType}_${index}` : shorten(node.name), () =>
        this.evaluate(node),
      );
      node.output.forEach((name, i) => {
        if (name === '') return;
        const value = this.resultValue(node, name, results[i], i);
        if (this.depth === 0) this.shared.declared.check(value);
        this.define(value, nodes);
      });
    });
  }

  private evaluate(node: NodeProto): readonly Resolved[] {
    const { model, budget, external } = this.shared;
    const called = model.functions.find(node);
    if (called !== undefined) return this.call(called, node);
    const opset = opsetOf(this.unit.opsets, node.domain);
    if (opset === undefined)
      throw new HeddleError('ONNX_INVALID', 'the model imports no operator set of this domain', {
        found: shorten(node.domain),
        expected: [...this.unit.opsets.keys()].map((domain) => shorten(domain || 'ai.onnx')).join(', '),
      });
    const entry = registry.find(node.domain, node.opType, opset);
    const inputs = node.input.map((name) => (name === '' ? undefined : this.lookUp(name)));
    const signature = signatureOf(operatorName(node.domain, node.opType), opset);
    const dtypes = inputs.map((input) => input?.dtype);
    const typeOf = signature && checkNode(signature, node, opset, dtypes);
    const graphs = this.subgraphs();
    const around: Surroundings = {
      // Functions have names of their own.
      declaredShape: (name) => (this.unit.isFunction ? undefined : this.shared.declared.shape(name)),
      note: (text) => this.shared.notes.push(text),
    };
    const contextOf = (b: WideEmitter, operands: NodeContext['inputs']): NodeContext =>
      new NodeContext(b, node, opset, operands, budget, graphs, around, external);
    const emit: EmitNode = (b, operands) =>
      [entry.emit(contextOf(b, operands))]
        .flat()
        .map((result, i) => this.withType(b, node, entry, result, typeOf?.(i)));
    const ctx = contextOf(this.home.b, inputs);
    const view = entry.view?.(ctx);
    if (view !== undefined) return [view];
    const folded = foldNode(entry, ctx, emit);
    if (folded !== undefined) return folded;
    const results = emit(this.home.b, inputs);
    const dequantized = entry.dequantized?.(ctx);
    return dequantized === undefined ? results : results.map((result) => ('value' in result ? { ...result, dequantized } : result)); // prettier-ignore
  }

  /** The results of a function of the model, whose body is imported among the nodes around the call. */
  private call(called: FunctionProto, node: NodeProto): readonly Resolved[] {
    const attributes = attributesOfCall(called, node);
    if (this.depth >= MAX_NESTING)
      throw new HeddleError('LIMIT_EXCEEDED', 'functions are nested too deeply', {
        expected: `at most ${MAX_NESTING} inside of each other, and none that calls itself`,
      });
    this.shared.budget.takeNodes(called.node.length);
    const given = called.input.map((name, i) => [name, node.input[i] ?? ''] as const);
    const absent = new Set(given.filter(([, from]) => from === '').map(([name]) => name));
    const opsets = new Map([...this.unit.opsets, ...readOpsets(called.opsetImport)]);
    const unit: Unit = { opsets, attributes, absent, isFunction: true };
    const scope = new GraphScope(this.shared, this.home, unit, '', undefined, this.depth + 1);
    for (const [name, from] of given)
      if (from !== '') scope.define(renamed(this.lookUp(from), name), called.node);
    scope.importNodes(called);
    return called.output.slice(0, node.output.length).map((name) => resultOf(scope.lookUp(name)));
  }

  /** A result in the graph as a number of its element type: that of its signature, where the handler names none. */
  private withType(
    b: WideEmitter,
    node: NodeProto,
    entry: OpEntry,
    result: Result,
    declared: OnnxDType | undefined,
  ): Resolved {
    if ('data' in result || 'elements' in result || 'isAbsent' in result) return result;
    if ('value' in result) return settled(b, result.value, result.dtype);
    const fits = declared !== undefined && irDType(declared) === result.type.dtype;
    const dtype = fits ? declared : this.likelyDType(node, result);
    return settled(b, entry.moves === undefined ? roundTo(b, result, dtype) : result, dtype);
  }

  private resultValue(node: NodeProto, name: string, result: Resolved | undefined, index: number): OnnxValue {
    if (result === undefined)
      throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', `output ${index} of the operator is not supported`);
    if ('elements' in result) return sequenceValue(name, result.dtype, result.elements);
    if ('isAbsent' in result) return absentValue(name, result.dtype);
    if ('data' in result) return this.known(name, result, this.viewed(node, result));
    const { value, dtype, dequantized } = result;
    checkedCount(
      value.type.shape.map((dim) => (isStatic(dim) ? dim : 1)),
      `result "${shorten(name)}"`,
    );
    return graphValue(name, dtype, value, dequantized);
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
      const input = name === '' ? undefined : this.find(name);
      if (input !== undefined && irDType(input.dtype) === value.type.dtype) return input.dtype;
    }
    return DEFAULT_ONNX_DTYPE[value.type.dtype];
  }

  /** How the graphs that a node holds are imported. */
  private subgraphs(): Subgraphs {
    return {
      decode: (bytes, name) => this.shared.subgraphs.decode(bytes, name, this.depth + 1),
      inline: (graph, given) => this.importInside(graph, given, this.home, (name) => this.find(name)),
      captured: capturedValue,
      into: (body, graph, given) => {
        const captured = new Map<string, OnnxValue>();
        const outer = (name: string): OnnxValue | undefined => {
          const known = captured.get(name);
          const found = known ?? this.find(name);
          if (found === undefined || known !== undefined) return known;
          const value = capturedValue(body, found);
          captured.set(name, value);
          return value;
        };
        return this.importInside(graph, given, homeOf(body, this.home), outer);
      },
    };
  }

  private importInside(
    graph: GraphProto,
    given: readonly OnnxValue[],
    home: Home,
    outer: (name: string) => OnnxValue | undefined,
  ): readonly OnnxValue[] {
    this.shared.budget.takeNodes(graph.node.length);
    const scope = new GraphScope(this.shared, home, this.unit, '', outer, this.depth + 1);
    scope.defineInitializers(graph);
    inputsOf(graph).forEach(({ name }, i) => scope.define(renamed(given[i], name), graph.node));
    scope.importNodes(graph);
    return graph.output.map(({ name }) => at(`output "${shorten(name)}"`, () => scope.lookUp(name)));
  }
}

/** A value of `dtype`, as the importer holds such. */
const settled = (b: WideEmitter, value: Value, dtype: OnnxDType): Resolved =>
  typed(
    isWideDType(dtype)
      ? b.words.promoted(dtype, value)
      : value instanceof WideValue
        ? convertWide(b, value, value.dtype, dtype)
        : value,
    dtype,
  );
