/** `heddle edit`: a model with changes as a file, with the patches that say what they are; and such changes undone. Needs no GPU. */
import { toTensorData } from '../../frontends/onnx/host.js';
import { importOnnx } from '../../frontends/onnx/index.js';
import { readHostTensor } from '../../frontends/onnx/tensor.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import type { Program } from '../../ir/graph.js';
import {
  addOutput,
  describeDiff,
  describePatches,
  diff,
  edit,
  patchesBetween,
  prune,
  readPatches,
  rename,
  setShape,
  setWeight,
  undo,
  writePatches,
  type Edited,
} from '../../surgery/index.js';
import { patchesAsJson } from '../../surgery/encode.js';
import { readBytes, writeBytes } from '../files/files.js';
import { checkEnding, keepApart, keepInputs } from '../files/outputs.js';
import { readNpy } from '../files/npy.js';
import { inWordsOfEdits, type GivenWeight } from '../models/edit-errors.js';
import type { Model } from '../models/model.js';
import { openModel } from '../models/open.js';
import {
  checkOut,
  describePorts,
  fileOf,
  noteTypes,
  programOf,
  summary,
  type WritingOptions,
} from '../models/write.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { bytes, facts, heading, indented } from '../terminal/format.js';
import type { ModelOptions, Pairs } from '../terminal/options.js';
import { Output } from '../terminal/output.js';

export interface EditCommandOptions extends WritingOptions {
  readonly rename?: Pairs;
  readonly shape?: Pairs;
  readonly addOutput?: readonly string[];
  readonly weight?: Pairs;
  readonly prune?: boolean;
  /** Where the patches are saved. */
  readonly patches?: string;
  /** Patches of an earlier edit, which is undone. */
  readonly undo?: string;
}

/** The options that ask for a change. */
const CHANGES = {
  rename: '--rename OLD=NEW',
  shape: '--shape INPUT=1x3x224x224',
  addOutput: '--add-output VALUE',
  weight: '--weight NAME=FILE',
  prune: '--prune',
} as const satisfies Partial<Record<keyof EditCommandOptions, string>>;

/** The model as it was, and what was made of it. */
interface Result {
  readonly model: Model;
  readonly before: Program;
  readonly after: Program;
  readonly changes: Edited;
}

export async function editModel(
  path: string,
  options: EditCommandOptions,
  version: string,
): Promise<ExitCode> {
  checkAsked(path, options);
  const { out, patches: saved } = options;
  const { model, before, after, changes } =
    options.undo === undefined ? await edited(path, options) : await undone(path, options, options.undo);
  // All is there before the first file is written.
  const file = await fileOf(after, out, version);
  const patches =
    saved === undefined
      ? undefined
      : writePatches({ before, edited: changes, written: importOnnx(file), producer: `heddle ${version}` });
  writeBytes(out, file);
  if (patches !== undefined) writeBytes(saved!, patches);

  const output = new Output(options.json === true);
  if (out.endsWith('.onnx')) noteTypes(model, after, output);
  const difference = diff(before, after);
  output.result({
    ...summary(path, out, after),
    bytes: file.length,
    difference,
    patches: patchesAsJson(changes.patches),
  });
  output.print(heading(`${path} -> ${out}`));
  const row: (readonly [string, string])[] =
    saved === undefined ? [] : [['patches', `${changes.patches.length} and their inverse, in ${saved}`]]; // prettier-ignore
  output.print(facts([['size', bytes(file.length)], ...describePorts(after), ...row]));
  output.print(`\n${heading('Changes')}\n${indented(describeDiff(difference))}`);
  output.print(`\n${heading('Patches')}\n${indented(describePatches(changes.patches))}`);
  return EXIT.ok;
}

/** Throws USAGE where no change is asked for, more than goes together, or a file would be written over. */
function checkAsked(path: string, options: EditCommandOptions): void {
  const { out, patches, undo: undoing, weight = [] } = options;
  const asked = (Object.keys(CHANGES) as (keyof typeof CHANGES)[]).filter(
    (name) => options[name] !== undefined,
  );
  if (undoing === undefined && asked.length === 0)
    throw new HeddleError('USAGE', 'no change is asked for', {
      where: 'heddle edit',
      expected: `${Object.values(CHANGES).join(', ')}, or --undo FILE`,
    });
  const other = asked.length > 0 ? CHANGES[asked[0]] : patches === undefined ? undefined : '--patches FILE';
  if (undoing !== undefined && other !== undefined)
    throw new HeddleError('USAGE', `--undo goes without ${other.split(' ')[0]}`, {
      where: '--undo',
      hint: 'undo first, and edit what that gives',
    });
  checkOut(path, options, [undoing, ...weight.map(([, file]) => file)]);
  if (patches === undefined) return;
  if (!out.endsWith('.onnx'))
    throw new HeddleError('USAGE', 'patches are of values by name, which bundles do not hold', {
      where: '--patches',
      expected: '-o NAME.onnx',
    });
  keepApart([
    ['--out', out],
    ['--patches', patches],
  ]);
  const { seededWeights, weights } = options;
  keepInputs('--patches', [patches], [path, seededWeights, weights, ...weight.map(([, file]) => file)]);
  checkEnding(patches, ['.patches'], '--patches');
}

async function edited(path: string, options: EditCommandOptions): Promise<Result> {
  const { rename: renames = [], shape: shapes = [], addOutput: outputs = [], weight = [] } = options;
  const given = weight.map(([name, file]): GivenWeight => ({ name, file, tensor: readWeight(file) }));
  const original = await openModel(path, options);
  const before = programOf(original);
  return inWordsOfEdits(path, { weights: given, shapes, program: before }, async () => {
    const tensors = new Map(given.map(({ name, tensor }) => [name, tensor]));
    const model = await withKnownWeights(original, tensors, options);
    const changes = edit(programOf(model), (draft) => {
      for (const [name, tensor] of tensors) setWeight(draft, name, tensor);
      for (const [name, text] of shapes) setShape(draft, name, parseShape(text));
      for (const name of outputs) addOutput(draft, name);
      for (const [from, to] of renames) rename(draft, from, to);
      if (options.prune === true) prune(draft);
    });
    const { program: after } = changes;
    return { model, before, after, changes: model === original ? changes : patchesBetween(before, after) };
  });
}

async function undone(path: string, options: ModelOptions, file: string): Promise<Result> {
  const saved = readPatches(readBytes(file), file);
  const model = await openModel(path, options);
  const program = programOf(model);
  const after = undo(program, saved, `--undo ${file}`);
  return { model, before: program, after, changes: patchesBetween(program, after) };
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

/** `1x3x224x224`, where a word is a symbol, or `N,max_length` with commas; `scalar` for no axes. */
const parseShape = (text: string): (number | string)[] =>
  text === 'scalar'
    ? []
    : text
        .split(text.includes(',') ? ',' : 'x')
        .map((extent) => (/^\d+$/.test(extent) ? Number(extent) : extent));
