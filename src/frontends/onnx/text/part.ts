/** The nodes of a model that run on the host, before its graph and after it. */
import type { DType } from '../../../base/dtype.js';
import { HeddleError } from '../../../base/errors.js';
import { describeValue } from '../../../base/describe.js';
import { isListOf } from '../../../base/values.js';
import { checkElements, isTensorType, type TensorData } from '../../../base/tensor.js';
import { irDType, type OnnxDType } from '../dtype.js';
import { fromTensorData, toTensorData, type HostTensor } from '../host.js';
import { at } from '../place.js';
import { printDeclared, type DeclaredDim, type OnnxPort } from '../ports.js';
import { hostTensor, wordsOf } from '../wide/storage.js';
import type { WideDType } from '../wide/value.js';
import type { TextType } from './node.js';
import { isExtent, isWord, text, type HostValue, type TextTensor } from './tensor.js';

/** A node on the host: the names of what it takes ('' where an input is left out) and gives. */
export interface TextStep {
  readonly label: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly run: (inputs: readonly (HostValue | undefined)[]) => readonly HostValue[];
}

/** A tensor that the host takes: of text, or an image. */
export interface TextInput {
  readonly name: string;
  readonly dtype: TextType['dtype'];
  /** undefined: not even the rank is declared. */
  readonly dims: readonly DeclaredDim[] | undefined;
}

/** What is split off a model. */
export interface TextPart {
  readonly inputs: readonly TextInput[];
  /** The outputs of the model that are made here, text or numbers. */
  readonly outputs: readonly { readonly name: string; readonly dtype: TextType['dtype'] }[];
  readonly before: readonly TextStep[];
  readonly after: readonly TextStep[];
  readonly known: ReadonlyMap<string, HostValue>;
  /** Inputs of the graph that the steps before it make. */
  readonly given: readonly string[];
  /** Outputs of the graph that the steps after it take, and that are none of the model's. */
  readonly taken: readonly string[];
}

/** One run: the inputs of the graph that come from text, and what the host makes of its outputs. */
export interface TextRun {
  readonly given: Readonly<Record<string, TensorData>>;
  /**
   * The outputs of the model that the graph does not have.
   *
   * @throws USAGE for what is not an object, INPUT_MISSING where `outputs` lacks one that is read, INPUT_DTYPE and INPUT_SHAPE
   *   for one that is none of the graph's.
   */
  finish(outputs: Readonly<Record<string, TensorData>>): Record<string, HostValue>;
}

/**
 * What a model does with text and images. Devices have none, so these nodes run on the host: a run is `start` with the texts and
 * the files of images, the graph with what that gives, and `finish` with the graph's outputs.
 */
export class TextNodes {
  /** The tensors of text and of images that the model takes. */
  readonly inputs: readonly TextInput[];
  /** The outputs of the model that `finish` gives. */
  readonly outputs: TextPart['outputs'];
  /** Nodes in the order in which they run, in words. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Outputs of the graph that are there for `finish` alone. */
  readonly hidden: readonly string[];

  constructor(
    private readonly part: TextPart,
    private readonly graphInputs: readonly OnnxPort[],
    private readonly graphOutputs: () => readonly OnnxPort[],
  ) {
    this.inputs = part.inputs;
    this.outputs = part.outputs;
    [this.before, this.after] = [part.before, part.after].map((steps) => steps.map(({ label }) => label));
    this.hidden = part.taken;
  }

  /**
   * Runs the nodes before the graph.
   *
   * @param texts the tensors of `inputs`, by name: `{ dtype: 'string', shape, data }`, and for an image the bytes of its file as
   *   `tensorData('u32', [N], bytes)`.
   * @throws USAGE for what is not an object, INPUT_MISSING, INPUT_UNKNOWN, INPUT_SHAPE; INPUT_DTYPE for what is of another type,
   *   for texts that are no numbers where such are wanted, and what the nodes throw.
   */
  start(texts: Readonly<Record<string, TextTensor | TensorData>>): TextRun {
    const values = runBefore(this.part, texts);
    const ports = this.graphInputs.filter(({ name }) => this.part.given.includes(name));
    const given = ports.map(({ name, paired }) => {
      const value = values.get(name) as HostTensor;
      return [
        name,
        paired ? wordsOf(value as HostTensor<WideDType>) : toTensorData(value, `"${name}"`),
      ] as const;
    });
    return {
      given: Object.fromEntries(given),
      finish: (outputs) => {
        checkRecord(outputs, 'outputs', '{ NAME: tensorData(dtype, shape, data) }');
        const ports = this.part.after.length === 0 ? [] : this.graphOutputs();
        const known = ports.filter(({ name }) => Object.hasOwn(outputs, name));
        const computed = known.map(({ name, dtype, paired }) => {
          const tensor = checkedOutput(name, outputs[name], paired === true ? 'u32' : irDType(dtype));
          return [name, hostTensor(tensor, dtype, paired === true)] as const;
        });
        return runAfter(this.part, values, new Map(computed));
      },
    };
  }
}

/** The values on the host before the graph runs. Throws as {@link TextNodes.start} does. */
export function runBefore(
  part: TextPart,
  texts: Readonly<Record<string, TextTensor | TensorData>>,
): ReadonlyMap<string, HostValue> {
  const values = new Map<string, HostValue>([...part.known, ...checked(part.inputs, texts)]);
  runSteps(part.before, values);
  return values;
}

/** The outputs of the model that are made on the host. Throws INPUT_MISSING where `computed` lacks a value that is read. */
export function runAfter(
  { after, outputs }: TextPart,
  before: ReadonlyMap<string, HostValue>,
  computed: ReadonlyMap<string, HostTensor>,
): Record<string, HostValue> {
  const values = new Map([...before, ...computed]);
  runSteps(after, values);
  return Object.fromEntries(outputs.map(({ name }) => [name, values.get(name)!]));
}

/** Throws USAGE for what has no values by name. */
function checkRecord(value: unknown, what: string, expected: string): void {
  if (typeof value !== 'object' || value === null)
    throw new HeddleError('USAGE', `${what} are given by name`, { found: describeValue(value), expected });
}

/** An output of the graph, of `dtype`, as a caller hands it over. Throws INPUT_DTYPE, and INPUT_SHAPE for too few elements. */
function checkedOutput(name: string, tensor: TensorData, dtype: DType): TensorData {
  const where = `output ${JSON.stringify(name)}`;
  const isFit = isTensorType(tensor) && tensor.dtype === dtype;
  if (!isFit)
    throw new HeddleError('INPUT_DTYPE', 'an output of the graph has the wrong type', {
      where,
      found: describeValue(tensor),
      expected: `a tensor of ${dtype}`,
    });
  checkElements(tensor, where);
  return tensor;
}

function checked(
  inputs: readonly TextInput[],
  texts: Readonly<Record<string, TextTensor | TensorData>>,
): readonly (readonly [string, HostValue])[] {
  checkRecord(texts, 'texts', "{ NAME: { dtype: 'string', shape, data } }");
  const names = inputs.map(({ name }) => name);
  const unknown = Object.keys(texts).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new HeddleError('INPUT_UNKNOWN', 'no input of the nodes on the host has that name', { found: unknown, expected: names.join(', ') }); // prettier-ignore
  return inputs.map(({ name, dtype: wanted, dims }) => {
    const given: unknown = Object.hasOwn(texts, name) ? texts[name] : undefined;
    if (given === undefined)
      throw new HeddleError('INPUT_MISSING', 'an input was not given', { found: name });
    const where = `input ${JSON.stringify(name)}`;
    if (wanted !== 'string') return [name, numbersOf(given, wanted, where, dims)] as const;
    const { dtype, shape, data } = Object(given) as Partial<TextTensor>;
    if (dtype !== 'string' || !isListOf(data, isWord) || !isListOf(shape, isExtent))
      throw new HeddleError('INPUT_DTYPE', 'an input has the wrong type', {
        where,
        found: describeValue(given),
        expected: "{ dtype: 'string', shape, data }, of a shape and a list of strings",
      });
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (!isShapeOf(shape, dims) || data.length !== count)
      throw new HeddleError('INPUT_SHAPE', 'an input has the wrong shape', {
        where,
        found: `${data.length} strings as [${shape.join(',')}]`,
        expected: dims === undefined ? 'as many as the shape has' : printDeclared(dims),
      });
    return [name, text(shape, data)] as const;
  });
}

export const isShapeOf = (shape: readonly number[], dims: TextInput['dims']): boolean =>
  dims === undefined || (dims.length === shape.length && dims.every((dim, i) => typeof dim !== 'number' || dim === shape[i])); // prettier-ignore

/** A tensor of numbers that the host takes. Throws INPUT_DTYPE, and INPUT_SHAPE for one that is not of `dims`. */
export function numbersOf(
  given: unknown,
  dtype: OnnxDType,
  where: string,
  dims?: TextInput['dims'],
): HostTensor {
  const tensor = Object(given) as TensorData;
  const expected = irDType(dtype);
  if (!isTensorType(tensor) || tensor.dtype !== expected)
    throw new HeddleError('INPUT_DTYPE', 'an input has the wrong type', {
      where,
      found: describeValue(given),
      expected: `a tensor of ${expected}`,
    });
  checkElements(tensor, where);
  if (!isShapeOf(tensor.shape, dims))
    throw new HeddleError('INPUT_SHAPE', 'an input has the wrong shape', {
      where,
      found: `[${tensor.shape.join(',')}]`,
      expected: dims && printDeclared(dims),
    });
  return fromTensorData(tensor, dtype);
}

function runSteps(steps: readonly TextStep[], values: Map<string, HostValue>): void {
  const valueOf = (name: string): HostValue | undefined => {
    const value = values.get(name);
    if (value !== undefined || name === '') return value;
    throw new HeddleError('INPUT_MISSING', 'an output of the graph is needed', { found: name });
  };
  for (const { label, inputs, outputs, run } of steps) {
    const results = at(label, () => run(inputs.map(valueOf)));
    outputs.forEach((name, i) => name !== '' && values.set(name, results[i]));
  }
}
