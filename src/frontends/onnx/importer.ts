/** The graph of an ONNX model: node by node, each through its entry in the tables. */
import { inspectedGraph } from '../../ir/summary.js';
import { HeddleError, withFacts } from '../../base/errors.js';
import { shellWord } from '../../base/printable.js';
import type { TensorData } from '../../base/tensor.js';
import type { Value } from '../../ir/emitter.js';
import { printShape, shapesEqual } from '../../ir/types.js';
import { FoldBudget } from './context.js';
import { toTensorData, type HostTensor } from './host.js';
import { shorten } from './limits.js';
import { DeclaredValues } from './declared.js';
import { externalReader } from './external.js';
import { checkOperators } from './missing.js';
import { mapKeys } from './maps.js';
import type { OnnxModel } from './model.js';
import { SharingBuilder, valueNames } from './names.js';
import type { About, OnnxProgram } from './program.js';
import type { ImportOptions } from './options.js';
import { at } from './place.js';
import { declaredOutput, InputDims, printDeclared, type Declared, type OnnxPort } from './ports.js';
import { GraphScope, modelUnit, type ModelImport } from './scope.js';
import { inputsOf, overridableOf, SubgraphCache } from './subgraphs.js';
import {
  declaredSequence,
  elementPort,
  shapesGiven,
  sizesIn,
  type DeclaredSequence,
} from './sequence-ports.js';
import { TextNodes, type TextPart } from './text/part.js';
import { absentValue, graphValue, packedWeightOf, sequenceValue } from './value.js';
import { WideEmitter } from './wide/emitter.js';
import { wordsOf } from './wide/storage.js';
import { isWideDType, PairValue, type WideDType } from './wide/value.js';

/** Most dimensions that a hint lists. */
const LISTED = 8;
/** Runs `body`; where a shape has to be known for it, the error names all dimensions of the inputs that are not. */
function withUnbound(ports: InputDims, body: () => void): void {
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

/** The inputs of a program, and what the model declares of them and others. */
export interface Inputs {
  readonly ports: InputDims;
  readonly listed: readonly OnnxPort[];
}

export class Importer {
  private readonly b: SharingBuilder;
  private readonly emitter: WideEmitter;
  private readonly weights = new Map<string, TensorData>();
  /** Outputs by their names. */
  private readonly listed = new Set<string>();
  private readonly shared: ModelImport;
  private readonly scope: GraphScope;

  constructor(
    private readonly model: OnnxModel,
    private readonly file: string,
    private readonly options: ImportOptions,
    /** The nodes of the model that run on the host. */
    private readonly text: TextPart | undefined,
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
      declared: new DeclaredValues(model.graph),
      seen: new Set(),
    };
    this.emitter = new WideEmitter(b, (op) => this.noteSingle(op));
    const home = {
      b: this.emitter,
      weight: packedWeightOf(b, this.weights),
      nextOperator: () => b.nextOperator(),
    };
    this.scope = new GraphScope(this.shared, home, modelUnit(model), `${file}, `);
  }

  /** Enters the inputs and the initializers of the model. */
  defineInputs(): Inputs {
    const { graph } = this.model;
    checkOperators(this.model, this.shared.subgraphs, `${this.file}, `);
    const { overridable = [], wideInputs = [], sequences: shapes = {} } = this.options;
    const initializers = overridableOf(graph).map(({ name }) => name);
    this.checkNames('overridable', 'initializer that is an input', overridable, initializers);
    const initial = this.scope.defineInitializers(graph, overridable);
    const where = `${this.file}, inputs`;
    const inputs = inputsOf(graph, overridable);
    const sequences = new Map(inputs.map((info) => [info, declaredSequence(info, where)]));
    const tensors = inputs.filter((info) => sequences.get(info) === undefined);
    const lists = [...sequences].flatMap(([{ name }, sequence]) => (sequence === undefined ? [] : [name]));
    this.checkNames('sequences', 'sequence or optional input', Object.keys(shapes), lists);
    const ports = new InputDims(tensors, this.options, this.file, sizesIn(sequences.values(), shapes));
    const byName = new Map(ports.inputs().map((port) => [port.name, port]));
    const listed = inputs.flatMap((info) => {
      const sequence = sequences.get(info);
      if (sequence !== undefined) return this.defineSequence(sequence);
      const port = byName.get(info.name)!;
      return this.defineInput(port) ? [this.withInitial(port, initial.get(port.name), ports)] : [];
    });
    // What weights replace may be named as well.
    const named = [...inputs, ...listed].map(({ name }) => name);
    this.checkNames('wideInputs', 'input', wideInputs, [...named, ...this.shared.replaced.keys()]);
    return { ports, listed };
  }

  /** What is known of the model before its nodes are imported. */
  about({ ports, listed }: Inputs): About {
    const { opsets, producer } = this.model;
    const symbols = ports.leftSymbols();
    return { inputs: listed, opsets, producer, symbols, notes: this.shared.notes };
  }

  run(inputs: Inputs): OnnxProgram {
    const { ports } = inputs;
    const { graph } = this.model;
    this.scope.importNodes(graph, (body) => withUnbound(ports, body));
    const outputs = graph.output.flatMap((info) => {
      const sequence = declaredSequence(info, `${this.file}, outputs`);
      return sequence === undefined ? [this.output(declaredOutput(info, this.file), ports)] : this.sequenceOutputs(sequence); // prettier-ignore
    });
    const hidden = (this.text?.taken ?? []).map((name) => this.hiddenOutput(name));
    this.rejectUnknownReplacements();
    const all = [...outputs, ...hidden];
    return {
      graph: inspectedGraph({ ...this.b.build(), names: valueNames(this.b, this.scope.values) }),
      weights: this.weights,
      outputs: all,
      ...(this.text === undefined ? {} : { text: new TextNodes(this.text, inputs.listed, () => all) }),
      ...this.about(inputs),
      notes: [...this.shared.notes, ...this.shared.declared.notes()],
    };
  }

  /** Throws INPUT_UNKNOWN where an option names what the model does not have. */
  private checkNames(option: string, what: string, names: readonly string[], known: readonly string[]): void {
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined)
      throw new HeddleError('INPUT_UNKNOWN', `no ${what} has that name`, {
        where: option,
        found: unknown,
        expected: known.length === 0 ? `none: the model has no ${what}` : known.slice(0, LISTED).join(', '),
      });
  }

  /**
   * An input with what its initializer gives, where that has the shape that the input has now. Throws ONNX_INVALID where it is of
   * another type or shape than the input is declared with.
   */
  private withInitial(port: OnnxPort, tensor: HostTensor | undefined, ports: InputDims): OnnxPort {
    if (tensor === undefined) return port;
    const { name, dtype, type, paired } = port;
    const where = `${this.file}, input "${shorten(name)}"`;
    if (tensor.dtype !== dtype || !ports.isDeclaredWith(name, tensor.shape))
      throw new HeddleError(
        'ONNX_INVALID',
        'an initializer is not what the input of its name is declared as',
        {
          where,
          found: `${tensor.dtype}${printShape(tensor.shape)}`,
          expected: `${dtype}${printShape(paired ? type.shape.slice(0, -1) : type.shape)}`,
        },
      );
    const initial = paired ? wordsOf(tensor as HostTensor<WideDType>) : toTensorData(tensor, where);
    return shapesEqual(initial.shape, type.shape) ? { ...port, initial } : port;
  }

  /** False for an input that a replacement fixes: the program then has no such input. */
  private defineInput(port: OnnxPort): boolean {
    const { name, dtype, type, paired } = port;
    const tensor = this.shared.replaced.get(name);
    if (tensor === undefined)
      this.scope.define(graphValue(name, dtype, this.inputValue(port)));
    else this.scope.values.set(name, this.scope.replacement(name, dtype, paired ? type.shape.slice(0, -1) : type.shape, tensor)); // prettier-ignore
    return tensor === undefined;
  }

  /** The tensors of a sequence as inputs, in the shapes that are given; those with weights to replace them are none. */
  private defineSequence(declared: DeclaredSequence): readonly OnnxPort[] {
    const { name, dtype, isSequence } = declared;
    const { sequences, wideInputs } = this.options;
    const shapes = at(`${this.file}, inputs`, () => shapesGiven(declared, sequences));
    if (shapes === null) {
      this.scope.define(absentValue(name, dtype));
      return [];
    }
    const ports = shapes.map((shape, i) => {
      const own = isSequence ? `${name}[${i}]` : name;
      const paired = dtype === 'double' || (isWideDType(dtype) && wideInputs?.includes(own) === true);
      return elementPort(declared, i, shape, paired);
    });
    const values = ports.map((port, i) => {
      const tensor = this.shared.replaced.get(port.name);
      return tensor === undefined
        ? graphValue(port.name, dtype, this.inputValue(port))
        : this.scope.replacement(port.name, dtype, shapes[i], tensor);
    });
    const value = isSequence ? sequenceValue(name, dtype, values) : values[0];
    this.scope.values.set(name, value);
    return ports.filter((port) => !this.shared.replaced.has(port.name));
  }

  /** The tensors of a sequence as outputs. */
  private sequenceOutputs(declared: DeclaredSequence): readonly OnnxPort[] {
    const { name, dtype } = declared;
    return at(`${this.file}, output "${shorten(name)}"`, () => {
      const found = this.scope.lookUp(name);
      if (found.dtype !== dtype && found.elements?.length !== 0)
        throw new HeddleError('ONNX_INVALID', 'an output does not have the declared type', {
          found: found.dtype,
          expected: dtype,
        });
      const isSequence = found.elements !== undefined;
      const values = found.elements ?? (found.isAbsent ? [] : [found]);
      return values.map(({ value, shape }, i) => {
        const port = elementPort({ name, dtype, isSequence }, i, shape, value instanceof PairValue);
        this.b.output(port.name, this.emitter.stored(value));
        return port;
      });
    });
  }

  private inputValue({ name, dtype, type, paired }: OnnxPort): Value {
    const param = this.b.param(name, type.dtype, type.shape);
    return paired && isWideDType(dtype) ? this.emitter.loaded(dtype, param) : param;
  }

  /** Notes, once, that a function of doubles has not their precision. */
  private noteSingle(op: string): void {
    const { notes } = this.shared;
    const note = `${op} of doubles is computed in f32: about seven digits, and infinite beyond its range`;
    if (!notes.includes(note)) notes.push(note);
  }

  /** A value that nodes on the host read. */
  private hiddenOutput(name: string): OnnxPort {
    const { value, dtype } = this.scope.lookUp(name);
    const stored = this.emitter.stored(value);
    this.b.output(name, stored);
    return { name, dtype, type: stored.type, ...(value instanceof PairValue ? { paired: true } : {}) };
  }

  private output(declared: Declared, ports: InputDims): OnnxPort {
    const { name, dtype, dims } = declared;
    return at(`${this.file}, output "${shorten(name)}"`, () => {
      const { value, dtype: computed, shape } = this.scope.lookUp(name);
      if (computed !== dtype)
        throw new HeddleError('ONNX_INVALID', 'an output does not have the declared type', {
          found: computed,
          expected: dtype,
        });
      if (!ports.canHave(declared, shape))
        throw new HeddleError('ONNX_INVALID', 'an output does not have the declared shape', {
          found: printShape(shape),
          expected: printDeclared(dims ?? []),
        });
      // A model may list a value twice: it is one output, by its name.
      const stored = this.emitter.stored(value);
      if (!this.listed.has(name)) this.b.output(name, stored);
      this.listed.add(name);
      const keys = mapKeys(this.model.graph, name);
      return {
        ...{ name, dtype, type: stored.type, ...(value instanceof PairValue ? { paired: true } : {}) },
        ...(keys === undefined ? {} : { keys }),
      };
    });
  }

  private rejectUnknownReplacements(): void {
    for (const name of this.shared.replaced.keys())
      if (!this.shared.seen.has(name) && !this.scope.values.has(name))
        throw new HeddleError('INPUT_UNKNOWN', 'no value to replace has that name', { found: name });
  }
}
