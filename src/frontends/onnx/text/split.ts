/**
 * A model with text or images as three parts: nodes on the host, a graph of numbers, and nodes on the host again. Text enters a
 * model and leaves it at its edges, so that no value goes back and forth within a run.
 */
import { HeddleError } from '../../../base/errors.js';
import { Attributes } from '../attributes.js';
import { FoldBudget } from '../context.js';
import { operatorName, opsetOf } from '../domain.js';
import { dtypeOfCode, type OnnxDType } from '../dtype.js';
import type { ExternalReader } from '../external.js';
import { fromNumbers, int64Tensor, type HostTensor } from '../host.js';
import { checkedCount, shorten } from '../limits.js';
import type { OnnxModel } from '../model.js';
import { registry } from '../ops/index.js';
import type { ImportOptions } from '../options.js';
import { lastConstants, topologicalOrder } from '../order.js';
import { at } from '../place.js';
import { declaredDims, printDeclared, type DeclaredDim, type DimOptions } from '../ports.js';
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from '../proto/onnx.js';
import { signatureOf } from '../signatures/index.js';
import { checkNode } from '../signatures/signature.js';
import type { SubgraphCache } from '../subgraphs.js';
import { belongsToHost, decodesImage, needsHost } from './nodes.js';
import { TextNode, type TextType, type TextWork } from './node.js';
import { moving } from './ops/elements.js';
import { textOp } from './ops/index.js';
import { lookUp } from './ops/labels.js';
import { isShapeOf, numbersOf, type TextInput, type TextPart, type TextStep } from './part.js';
import { inputInfo, tensorProto } from './protos.js';
import { withPlaces, type Rewritten } from './rewrite.js';
import { readValue, STRING, text, type HostValue } from './tensor.js';

export interface Split {
  readonly model: OnnxModel;
  readonly part: TextPart;
  /** Inputs that the options fix and the host alone reads. */
  readonly fixed: readonly string[];
}

/** The options of an import that a split reads. */
type SplitOptions = DimOptions & Pick<ImportOptions, 'weights' | 'overridable' | 'imageDecoders'>;

/** A value on the host. */
interface Held extends TextType {
  /** Whether it waits for the graph. */
  readonly isLate: boolean;
}

/** Elements up to which a node that moves some is tried, to learn the shape that it gives. */
const MOST_TRIED = 65_536;

/** The parts of a model; undefined where all of it is numbers. Throws as importOnnx does for nodes that cannot run on the host. */
export function splitText(
  model: OnnxModel,
  options: SplitOptions,
  subgraphs: SubgraphCache,
  external: ExternalReader,
  place: string,
): Split | undefined {
  return needsHost(model.graph)
    ? new Splitter(model, options, subgraphs, external, place).split()
    : undefined;
}

class Splitter {
  private readonly held = new Map<string, Held>();
  private readonly known = new Map<string, HostValue>();
  private readonly numbers: ReadonlyMap<string, TensorProto>;
  private readonly constants = new Map<string, NodeProto>();
  private readonly nodes: NodeProto[] = [];
  private readonly before: TextStep[] = [];
  private readonly after: TextStep[] = [];
  private readonly given = new Set<string>();
  private readonly taken = new Set<string>();
  private readonly folded = new Set<string>();
  private readonly names = new Set<string>();
  /** What is computed at import: elements over the whole model. */
  private readonly budget = new FoldBudget();

  constructor(
    private readonly model: OnnxModel,
    private readonly options: SplitOptions,
    private readonly subgraphs: SubgraphCache,
    private readonly external: ExternalReader,
    private readonly place: string,
  ) {
    this.numbers = new Map(model.graph.initializer.map((proto) => [proto.name, proto]));
    for (const { input, output } of model.graph.node) for (const name of [...input, ...output]) this.names.add(name); // prettier-ignore
  }

  split(): Split {
    const { model } = this;
    const { graph } = model;
    const inputs = this.inputs();
    const fixed = this.fixed(inputs);
    for (const { name, dtype, dims } of inputs) if (!this.held.has(name)) this.held.set(name, { dtype, dims, isLate: false }); // prettier-ignore
    for (const proto of graph.initializer)
      if (proto.dataType === STRING) this.keep(proto.name, readValue(proto, `${this.place}initializers`));
    const constants = lastConstants(graph.node);
    const order = topologicalOrder(graph.node, constants, (node) => this.subgraphs.capturesOf(node));
    for (const { node, index } of order)
      if (constants.counts(index)) at(`${this.place}${labelOf(node, index)}`, () => this.visit(node, index));
    const outputs = graph.output.filter(({ name }) => this.held.has(name));
    outputs.forEach((info) => this.checkOutput(info));
    const part: TextPart = {
      inputs: inputs.filter(({ name }) => !fixed.includes(name)),
      outputs: outputs.map(({ name }) => ({ name, dtype: this.held.get(name)!.dtype })),
      before: this.before,
      after: this.after,
      known: this.known,
      given: [...this.given],
      taken: [...this.taken].filter((name) => !graph.output.some((info) => info.name === name)),
    };
    return { model: { ...model, graph: this.graphOfNumbers(inputs) }, part, fixed };
  }

  /** What the host takes of the inputs of the model: text, and images in files. */
  private inputs(): readonly TextInput[] {
    const { graph, functions } = this.model;
    const decoders = graph.node.filter((node) => decodesImage(node) && functions.find(node) === undefined);
    const images = new Set(decoders.map(({ input }) => input[0]));
    return graph.input.flatMap((info) => {
      const { name } = info;
      const code = info.type?.tensorType?.elemType;
      if (this.numbers.has(name) || (code !== STRING && !images.has(name))) return [];
      const dtype = code === STRING ? 'string' : dtypeOfCode(code ?? 0, `input "${shorten(name)}"`);
      return [{ name, dtype, dims: this.dimsOf(info) }];
    });
  }

  /** Takes the images that the options have in place of `inputs`, and says which. */
  private fixed(inputs: readonly TextInput[]): readonly string[] {
    return inputs.flatMap(({ name, dtype }) => {
      const given = dtype === 'string' ? undefined : this.options.weights?.get(name);
      if (given === undefined || dtype === 'string') return [];
      this.keep(name, numbersOf(given, dtype, `weights, "${shorten(name)}"`));
      return [name];
    });
  }

  private graphOfNumbers(inputs: readonly TextInput[]): GraphProto {
    const { graph } = this.model;
    const isText = ({ type }: ValueInfoProto): boolean => type?.tensorType?.elemType === STRING;
    const onHost = new Set(inputs.map(({ name }) => name));
    return {
      ...graph,
      node: this.nodes,
      input: [
        ...graph.input.filter((info) => !isText(info) && !onHost.has(info.name)),
        ...Array.from(this.given, (name) => inputInfo(name, this.held.get(name)!)),
      ],
      output: graph.output.filter(({ name }) => !this.held.has(name)),
      initializer: [
        ...graph.initializer.filter(({ dataType }) => dataType !== STRING),
        ...Array.from(this.folded, (name) => tensorProto(name, this.known.get(name) as HostTensor)),
      ],
      valueInfo: graph.valueInfo.filter((info) => !isText(info)),
    };
  }

  /** The extents of an input on the host, with those that are given. Throws INPUT_SHAPE where these are not what is declared. */
  private dimsOf({ name, type }: ValueInfoProto): readonly DeclaredDim[] | undefined {
    const { inputShapes = {}, dims = {} } = this.options;
    const bound = (dim: DeclaredDim): DeclaredDim => {
      const size = typeof dim === 'string' && Object.hasOwn(dims, dim) ? dims[dim] : dim;
      return typeof size === 'object' ? dim : size;
    };
    const shape = type?.tensorType?.shape;
    const declared = shape && declaredDims(shape.dim);
    if (!Object.hasOwn(inputShapes, name)) return declared?.map(bound);
    if (!isShapeOf(inputShapes[name], declared))
      throw new HeddleError('INPUT_SHAPE', 'the shape does not fit what the model declares', {
        where: `${this.place}input "${shorten(name)}"`,
        found: `[${inputShapes[name].join(',')}]`,
        expected: declared && printDeclared(declared),
      });
    return inputShapes[name];
  }

  private keep(name: string, value: HostValue): void {
    this.known.set(name, value);
    this.held.set(name, { dtype: value.dtype, dims: value.shape, isLate: false });
  }

  private isHeldText(name: string): boolean {
    return this.held.get(name)?.dtype === 'string';
  }

  private visit(node: NodeProto, index: number): void {
    const rewritten = withPlaces(node, (name) => this.fresh(name));
    if (rewritten !== undefined) return this.visitNamed(rewritten, node, index);
    const captured = this.subgraphs.capturesOf(node).filter((name) => this.held.has(name));
    if (captured.some((name) => this.isHeldText(name)))
      this.refuse('graphs inside of nodes, and functions, take no text', `"${shorten(captured[0])}"`);
    const takesText = node.input.some((name) => this.isHeldText(name));
    if (takesText || (belongsToHost(node) && this.model.functions.find(node) === undefined))
      this.visitText(node, index);
    else this.visitNumbers(node, captured);
  }

  /** A node of the graph: what it takes of the host becomes an input, or a constant. */
  private visitNumbers(node: NodeProto, captured: readonly string[]): void {
    for (const name of [...node.input, ...captured]) this.cross(name);
    this.nodes.push(node);
    if (node.opType === 'Constant' && node.output.length === 1) this.constants.set(node.output[0], node);
  }

  private cross(name: string): void {
    const held = this.held.get(name);
    if (held === undefined) return;
    if (held.isLate)
      this.refuse('what the host makes of values of the graph cannot enter the graph again', `"${shorten(name)}"`); // prettier-ignore
    if (this.known.has(name)) this.folded.add(name);
    else this.given.add(name);
  }

  private visitNamed({ node, words, side, places }: Rewritten, given: NodeProto, index: number): void {
    const keys = text([words.length], words);
    const numbers = int64Tensor([words.length], words.map((_, i) => i)); // prettier-ignore
    const label = labelOf(given, index);
    if (side === 'input') {
      const [name] = given.input;
      const held = this.held.get(name);
      if (held?.dtype !== 'string') this.refuse('the operator takes text', `"${shorten(name)}"`);
      const run: TextWork['run'] = ([value]) => [
        lookUp(keys, numbers, fromNumbers('int64', [1], [-1]), value!),
      ];
      this.add(`${label}: words to numbers`, [name], [places], { outputs: [{ dtype: 'int64', dims: held.dims }], run }); // prettier-ignore
      return this.visitNumbers(node, []);
    }
    this.visitNumbers(node, []);
    const run: TextWork['run'] = ([value]) => [lookUp(numbers, keys, text([1], ['']), value!)];
    this.add(`${label}: numbers to labels`, [places], [given.output[0]], {
      outputs: [{ dtype: 'string', dims: undefined }],
      run,
    });
  }

  private visitText(node: NodeProto, index: number): void {
    const { domain, opType } = node;
    const opset = opsetOf(this.model.opsets, domain) ?? 1;
    if (this.model.functions.find(node) !== undefined)
      this.refuse('graphs inside of nodes, and functions, take no text', `function ${shorten(opType)}`);
    const op = textOp(domain, opType, opset);
    const work = op === undefined ? this.movingWork(node, opset) : undefined;
    if (op !== undefined) checkNode(op.signature, node, opset, []);
    const types = node.input.map((name) => this.typeOf(name));
    const planned =
      work ??
      op!.plan(
        new TextNode(
          node,
          opset,
          new Attributes(node.attribute, this.external),
          types,
          (name) => this.declared(name),
          this.options.imageDecoders ?? {},
        ),
      );
    this.add(labelOf(node, index), node.input.slice(0, planned.reads), node.output, planned);
  }

  /** A node that only moves elements. Throws ONNX_UNSUPPORTED_DTYPE for all others. */
  private movingWork(node: NodeProto, opset: number): TextWork {
    const { domain, opType } = node;
    const entry = registry.find(domain, opType, opset);
    if (entry.moves === undefined && entry.view === undefined)
      throw new HeddleError('ONNX_UNSUPPORTED_DTYPE', 'the operator is not supported for text', {
        found: `${shorten(opType)} of ${shorten(domain || 'ai.onnx')} ${opset}`,
        hint: 'do this before or after the model, and export what lies between',
      });
    const signature = signatureOf(operatorName(domain, opType), opset);
    if (signature !== undefined) checkNode(signature, node, opset, []);
    const run = moving(entry, node, opset);
    const { results, isKnown } = this.tried(node, run);
    const outputs = node.output.map((_, i) => ({ dtype: 'string', dims: results?.[i].shape }) as const);
    return { outputs, run: results !== undefined && isKnown ? () => results : run };
  }

  /** What a node gives, where the shapes of its operands are known: texts that are not known are empty. */
  private tried(
    node: NodeProto,
    run: TextWork['run'],
  ): { readonly results?: readonly HostValue[]; readonly isKnown: boolean } {
    let isKnown = true;
    const values = node.input.map((name): HostValue | undefined | null => {
      if (name === '') return undefined;
      const known = this.knownOf(name);
      if (known !== undefined) return known;
      isKnown = false;
      const dims = this.held.get(name)?.dims;
      if (!this.isHeldText(name) || dims?.every((dim) => typeof dim === 'number') !== true) return null;
      const count = dims.reduce((product, dim) => product * dim, 1);
      return count > MOST_TRIED ? null : text(dims, new Array<string>(count).fill(''));
    });
    if (values.includes(null)) return { isKnown };
    return { results: run(values as (HostValue | undefined)[], this.budget), isKnown };
  }

  /** The value of that name where it is known: text, and numbers of initializers and Constants. */
  private knownOf(name: string): HostValue | undefined {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    const proto = this.numbers.get(name);
    if (proto !== undefined && proto.dataType !== STRING && this.isGiven(name)) return undefined;
    if (proto !== undefined) return readValue(proto, `${this.place}initializers`, this.external);
    const constant = this.constants.get(name);
    if (constant === undefined || this.isGiven(name)) return undefined;
    const attr = new Attributes(constant.attribute, this.external);
    const [ints, floats] = [attr.ints('value_ints') ?? attr.int('value_int'), attr.floats('value_floats') ?? attr.float('value_float')]; // prettier-ignore
    const list = [ints ?? floats ?? []].flat();
    return attr.value('value') ?? fromNumbers(ints === undefined ? 'float' : 'int64', Array.isArray(ints ?? floats) ? [list.length] : [], list); // prettier-ignore
  }

  /** Whether the caller says what is in an initializer or a Constant of numbers: the graph hands it over then. */
  private isGiven(name: string): boolean {
    const { weights, overridable = [] } = this.options;
    return weights?.has(name) === true || overridable.includes(name);
  }

  private typeOf(name: string): TextType | undefined {
    const known = name === '' ? undefined : this.knownOf(name);
    return this.held.get(name) ?? (known && { dtype: known.dtype, dims: known.shape });
  }

  /** The element type that the model declares of a value of the graph. */
  private declared(name: string): OnnxDType | undefined {
    const { input, output, valueInfo } = this.model.graph;
    const info = [...input, ...valueInfo, ...output].find((each) => each.name === name);
    const code = info?.type?.tensorType?.elemType ?? 0;
    return code === 0 || code === STRING ? undefined : dtypeOfCode(code, `"${shorten(name)}"`);
  }

  /** Adds a step where its operands are; where all are known, it is taken now. */
  private add(
    label: string,
    inputs: readonly string[],
    outputs: readonly string[],
    { outputs: types, run }: TextWork,
  ): void {
    const own = inputs.filter((name) => name !== '');
    const values = inputs.map((name) => (name === '' ? undefined : this.knownOf(name)));
    if (own.every((_, i) => values[i] !== undefined)) {
      for (const { dims } of types)
        if (dims?.every((dim) => typeof dim === 'number') === true) this.budget.spend(Math.max(1, checkedCount(dims, 'a result'))); // prettier-ignore
      run(values, this.budget).forEach((value, i) => outputs[i] && this.keep(outputs[i], value));
      return;
    }
    inputs.forEach((name, i) => values[i] !== undefined && this.known.set(name, values[i]));
    const computed = own.filter((name, i) => !this.held.has(name) && values[i] === undefined);
    for (const name of computed) this.taken.add(name);
    const isLate = computed.length > 0 || own.some((name) => this.held.get(name)?.isLate === true);
    (isLate ? this.after : this.before).push({ label, inputs, outputs, run });
    outputs.forEach((name, i) => {
      if (name !== '' && i < types.length) this.held.set(name, { ...types[i], isLate });
    });
  }

  private checkOutput({ name, type }: ValueInfoProto): void {
    const { dtype } = this.held.get(name)!;
    const code = type?.tensorType?.elemType ?? 0;
    const declared =
      code === STRING ? 'string' : code === 0 ? dtype : dtypeOfCode(code, `${this.place}outputs`);
    if (declared !== dtype)
      throw new HeddleError('ONNX_INVALID', 'an output does not have the declared type', {
        where: `${this.place}output "${shorten(name)}"`,
        found: dtype,
        expected: declared,
      });
  }

  private fresh(name: string): string {
    let fresh = name;
    for (let i = 2; this.names.has(fresh); i++) fresh = `${name}${i}`;
    this.names.add(fresh);
    return fresh;
  }

  private refuse(message: string, found: string): never {
    throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', message, {
      found,
      hint: 'do this before or after the model, and export what lies between',
    });
  }
}

const labelOf = ({ name, opType }: NodeProto, index: number): string =>
  `node ${name === '' ? `#${index}` : `"${shorten(name)}"`} (${shorten(opType)})`;
