/** Errors of `heddle extract` and `heddle edit` in the words of the command line. */
import { HeddleError, withFacts } from '../../base/errors.js';
import { shellWord } from '../../base/printable.js';
import { describeType, type TensorData } from '../../base/tensor.js';
import { isStatic } from '../../ir/dim.js';
import { paramsOf, type Program } from '../../ir/graph.js';
import { printType } from '../../ir/types.js';
import type { Pairs } from '../terminal/options.js';

/** A tensor for a weight, and the file that it is in. */
export interface GivenWeight {
  readonly name: string;
  readonly file: string;
  readonly tensor: TensorData;
}

/** What was asked for. */
interface Edits {
  readonly weights?: readonly GivenWeight[];
  readonly shapes?: Pairs;
  /** The model as it was. */
  readonly program?: Program | undefined;
}

/** The options behind the functions that edit. */
const OPTIONS: Readonly<Record<string, string>> = {
  setWeight: '--weight',
  setShape: '--shape',
  addOutput: '--add-output',
  rename: '--rename',
  'extract, to': '--to',
  'extract, from': '--from',
};

/** Runs `body`, which edits the model in `path`; its errors name options and files in the place of functions and tensors. */
export function inWordsOfEdits<T>(path: string, edits: Edits, body: () => T): T {
  const told = (error: unknown): never => {
    throw error instanceof HeddleError ? reworded(path, edits, error) : error;
  };
  try {
    const result = body();
    return result instanceof Promise ? (result.catch(told) as T) : result;
  } catch (error) {
    return told(error);
  }
}

function reworded(path: string, edits: Edits, error: HeddleError): HeddleError {
  const where = error.where?.replace(/^(extract, )?\w+/, (call) => (Object.hasOwn(OPTIONS, call) ? OPTIONS[call] : call)); // prettier-ignore
  if (error.code === 'VALUE_UNKNOWN') return withFacts(error, { where, hint: unknownHint(path, error.hint) });
  if (error.code === 'VALUE_FOLDED')
    return withFacts(error, {
      where,
      hint: '`heddle edit --weight NAME=file.npy` replaces a weight before it is used',
    });
  if (!/_MISMATCH$|_INVALID$|^INPUT_/.test(error.code)) return withFacts(error, { where });
  const reason = otherWeight(edits) ?? fixedShape(edits);
  return reason === undefined ? withFacts(error, { where }) : withFacts(error, { where, ...reason(where) });
}

/** An option, and the place in the model where what it gives does not fit. */
const placed = (option: string, where: string | undefined): string =>
  where === undefined || where.startsWith('--') ? option : `${option}, ${where}`;

type Reason = (where: string | undefined) => { readonly where?: string; readonly hint: string };

function unknownHint(path: string, hint: string | undefined): string {
  const listed = `\`heddle inspect ${shellWord(path)} --values\` lists the names`;
  return hint === undefined || hint.startsWith('Object.keys') ? listed : `${hint}; ${listed}`;
}

/** A weight that was given another type than it has. */
function otherWeight({ weights = [], program }: Edits): Reason | undefined {
  for (const { name, file, tensor } of weights) {
    const [before, after] = [typeOf(program, name), describeType(tensor.dtype, tensor.shape)];
    if (before === undefined || before === after) continue;
    return (where) => ({
      where: placed(`--weight ${name}=${file}`, where),
      hint: `${name} is ${before} in the model, and ${after} in ${file}`,
    });
  }
  return undefined;
}

function typeOf(program: Program | undefined, name: string): string | undefined {
  const weight = program?.weights.get(name);
  if (weight !== undefined) return describeType(weight.dtype, weight.shape);
  const value = program?.graph.names?.values.get(name);
  return value === undefined ? undefined : printType(program!.graph.nodes[value].type);
}

/** An input whose extents are numbers, as what is computed from them may be. */
function fixedShape({ shapes = [], program }: Edits): Reason | undefined {
  const params = program === undefined ? [] : paramsOf(program.graph);
  for (const [name, shape] of shapes) {
    const type = params.find(({ node }) => node.attrs.name === name)?.node.type;
    if (type === undefined || !type.shape.every(isStatic)) continue;
    return (where) => ({
      where: placed(`--shape ${name}=${shape}`, where),
      hint:
        `${name} is ${printType(type)}, and the model computes with these numbers: export it again with a symbol for the ` +
        'extent that changes (dynamic_axes or dynamic_shapes in PyTorch), which --shape and --dim give a value',
    });
  }
  return undefined;
}
