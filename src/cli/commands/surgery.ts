/** `heddle extract` and `heddle edit`: a part of a model, or a model with changes, as a file. Needs no GPU. */
import { HeddleError } from '../../base/errors.js';
import { prepare, toBundle } from '../../compile.js';
import { toTensorData } from '../../frontends/onnx/host.js';
import { exportOnnx } from '../../frontends/onnx/index.js';
import { readHostTensor } from '../../frontends/onnx/tensor.js';
import { ONNX_OF } from '../../frontends/onnx/export/builder.js';
import type { TensorData } from '../../base/tensor.js';
import { paramsOf, type Program } from '../../ir/graph.js';
import {
  addOutput,
  describeDiff,
  diff,
  edit,
  extract,
  prune,
  rename,
  setShape,
  setWeight,
} from '../../surgery/index.js';
import { producerOf } from '../models/bundle.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { readBytes, writeBytes } from '../files/files.js';
import { checkEnding, keepInputs } from '../files/outputs.js';
import { bytes, counted, facts, heading, indented } from '../terminal/format.js';
import { describePort, portFields, type Model, type ModelPort } from '../models/model.js';
import { readNpy } from '../files/npy.js';
import { inWordsOfEdits, type GivenWeight } from '../models/edit-errors.js';
import { openModel } from '../models/open.js';
import { TARGETS, type ModelOptions, type Pairs } from '../terminal/options.js';
import { Output } from '../terminal/output.js';

interface SurgeryOptions extends ModelOptions {
  readonly out: string;
}

export interface ExtractCommandOptions extends SurgeryOptions {
  readonly to: readonly string[];
  readonly from?: readonly string[];
}

export interface EditCommandOptions extends SurgeryOptions {
  readonly rename?: Pairs;
  readonly shape?: Pairs;
  readonly addOutput?: readonly string[];
  readonly weight?: Pairs;
  readonly prune?: boolean;
}

export async function extractPart(
  path: string,
  options: ExtractCommandOptions,
  version: string,
): Promise<ExitCode> {
  checkOut(path, options);
  const model = await openModel(path, options);
  const whole = programOf(model);
  const part = inWordsOfEdits(path, {}, () => extract(whole, { to: options.to, from: options.from ?? [] }));
  const output = new Output(options.json === true);
  const size = await write(model, part, options.out, version, output);
  output.result({ ...summary(path, options.out, part), bytes: size });
  output.print(heading(`${path} -> ${options.out}`));
  output.print(
    facts([
      ['size', bytes(size)],
      ['values', `${part.graph.nodes.length} of ${whole.graph.nodes.length}`],
      ...describePorts(part),
    ]),
  );
  return EXIT.ok;
}

export async function editModel(
  path: string,
  options: EditCommandOptions,
  version: string,
): Promise<ExitCode> {
  const { rename: renames = [], shape: shapes = [], addOutput: outputs = [], weight = [] } = options;
  checkOut(
    path,
    options,
    weight.map(([, file]) => file),
  );
  const given = weight.map(([name, file]): GivenWeight => ({ name, file, tensor: readWeight(file) }));
  const original = await openModel(path, options);
  const edits = { weights: given, shapes, program: original.program };
  const { model, program } = await inWordsOfEdits(path, edits, async () => {
    const tensors = new Map(given.map(({ name, tensor }) => [name, tensor]));
    const model = await withKnownWeights(original, tensors, options);
    const { program } = edit(programOf(model), (draft) => {
      for (const [name, tensor] of tensors) setWeight(draft, name, tensor);
      for (const [name, text] of shapes) setShape(draft, name, parseShape(text));
      for (const name of outputs) addOutput(draft, name);
      for (const [from, to] of renames) rename(draft, from, to);
      if (options.prune === true) prune(draft);
    });
    return { model, program };
  });
  const output = new Output(options.json === true);
  const size = await write(model, program, options.out, version, output);
  const difference = diff(programOf(original), program);
  output.result({ ...summary(path, options.out, program), bytes: size, difference });
  output.print(heading(`${path} -> ${options.out}`));
  output.print(facts([['size', bytes(size)], ...describePorts(program)]));
  output.print(`\n${heading('Changes')}\n${indented(describeDiff(difference))}`);
  return EXIT.ok;
}

/** The tensor in a file of either kind. */
const readWeight = (file: string): TensorData =>
  file.endsWith('.pb')
    ? toTensorData(readHostTensor(readBytes(file), file).host, file)
    : readNpy(readBytes(file), file);

/**
 * The model with those of `tensors` that only importing can put there, because it computes with them or makes literals of
 * them; they are taken out of `tensors`.
 */
function withKnownWeights(
  model: Model,
  tensors: Map<string, TensorData>,
  options: ModelOptions,
): Promise<Model> | Model {
  const names = model.kind === 'onnx' ? model.program?.graph.names : undefined;
  const early = [...tensors].filter(
    ([name]) => names?.folded.has(name) === true || names?.merged.has(name) === true,
  );
  for (const [name] of early) tensors.delete(name);
  return early.length === 0 ? model : openModel(model.file, { ...options, tensors: new Map(early) });
}

function programOf({ program, file }: Model): Program {
  if (program !== undefined) return program;
  throw new HeddleError('USAGE', 'the bundle does not carry its graph', {
    where: file,
    expected: 'a model, or a bundle that `heddle compile` wrote',
  });
}

/** The file that is written; throws USAGE where its name does not say in which format, or it is one that is read. */
function checkOut(
  path: string,
  { out, seededWeights, weights }: SurgeryOptions,
  files: readonly string[] = [],
): void {
  checkEnding(out, ['.onnx', '.heddle']);
  keepInputs('--out', [out], [path, seededWeights, weights, ...files]);
}

/** Writes the program in the format that the name of the file says; gives the size. */
async function write(
  model: Model,
  program: Program,
  path: string,
  version: string,
  output: Output,
): Promise<number> {
  const isOnnx = path.endsWith('.onnx');
  const file = isOnnx
    ? exportOnnx(program, { producer: `heddle ${version}` })
    : await toBundle(prepare(program, { target: TARGETS.gpu }), producerOf(version, 'gpu'));
  writeBytes(path, file);
  if (isOnnx) noteTypes(model, program, output);
  return file.length;
}

/** Element types that importing has changed: the file that is written has those that Heddle computes with. */
function noteTypes({ inputs, outputs }: Model, program: Program, output: Output): void {
  const names = new Set([
    ...paramsOf(program.graph).map(({ node }) => node.attrs.name),
    ...program.graph.outputs.map(({ name }) => name),
  ]);
  const changed = [...inputs, ...outputs].flatMap((port) => {
    const { name, declared } = port;
    if (!names.has(name) || declared === undefined) return [];
    const written = writtenAs(port);
    return written === declared ? [] : [`${name} is ${written}, not ${declared}`];
  });
  if (changed.length > 0)
    output.note(`Element types are those that Heddle computes with: ${changed.join('; ')}.`);
}

/** The element type in a file; of an element that is two words of the program's, with their axis. */
const writtenAs = ({ dtype, paired }: ModelPort): string =>
  paired === true ? `${ONNX_OF[dtype]}[..., 2]` : ONNX_OF[dtype];

/** The inputs and outputs of a program. */
const portsOf = ({
  graph,
}: Program): { readonly inputs: readonly ModelPort[]; readonly outputs: readonly ModelPort[] } => ({
  inputs: paramsOf(graph).map(({ node }) => ({ name: node.attrs.name, ...node.type })),
  outputs: graph.outputs.map(({ name, value }) => ({ name, ...graph.nodes[value].type })),
});

function summary(model: string, file: string, program: Program): object {
  const { inputs, outputs } = portsOf(program);
  return {
    model,
    file,
    values: program.graph.nodes.length,
    weights: program.weights.size,
    inputs: inputs.map(portFields),
    outputs: outputs.map(portFields),
  };
}

function describePorts(program: Program): (readonly [string, string])[] {
  const { inputs, outputs } = portsOf(program);
  return [
    ['weights', counted(program.weights.size, 'tensor')],
    ['inputs', inputs.map(describePort).join(', ') || 'none'],
    ['outputs', outputs.map(describePort).join(', ')],
  ];
}

/** `1x3x224x224`, where a word is a symbol, or `N,max_length` with commas; `scalar` for no axes. */
const parseShape = (text: string): (number | string)[] =>
  text === 'scalar'
    ? []
    : text
        .split(text.includes(',') ? ',' : 'x')
        .map((extent) => (/^\d+$/.test(extent) ? Number(extent) : extent));
