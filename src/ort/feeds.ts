/** What programs give to `run`: feeds, fetches and options, checked against what the model declares. */
import type { InferenceSession } from 'onnxruntime-common';
import { describeValue } from '../base/describe.js';
import { HeddleError } from '../base/errors.js';
import { nearestName } from '../base/nearest.js';
import { isListOf } from '../base/values.js';
import type { TensorPort } from './ports.js';
import { givenTensor, type GivenTensor } from './tensors.js';

/** An input with the tensor for it. */
export interface Feed {
  readonly port: TensorPort;
  readonly tensor: GivenTensor;
}

/** A feed of a program, which takes the words of its elements where they are paired. */
export interface ProgramFeed extends Feed {
  readonly paired: boolean;
}

/** Wanted outputs; with a tensor where the result is to be written into it. */
export type Fetches = ReadonlyMap<string, GivenTensor | null>;

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isTensor(value);

const isTensor = (value: object): boolean => 'dims' in value && 'type' in value && 'location' in value;

/**
 * The tensors for `ports`, in their order, and for those of `optional` that are given; `others` are looked at elsewhere. Throws USAGE, INPUT_MISSING, INPUT_UNKNOWN, INPUT_DTYPE, INPUT_SHAPE for a rank or
 * a fixed extent, ONNX_UNSUPPORTED_DTYPE, TENSOR_DISPOSED.
 */
export function checkedFeeds(
  ports: readonly TensorPort[],
  optional: readonly TensorPort[],
  feeds: unknown,
  others: readonly string[] = [],
): Feed[] {
  if (!isPlain(feeds))
    throw new HeddleError('USAGE', 'feeds are tensors by the names of inputs', {
      where: 'run',
      found: describeValue(feeds),
      expected: `{ ${ports.map(({ name }) => name).join(', ')} }`,
    });
  const names = [...[...ports, ...optional].map(({ name }) => name), ...others];
  for (const name of Object.keys(feeds)) if (!names.includes(name)) refuseExtra(name, names);
  return [...ports, ...optional.filter(({ name }) => feeds[name] !== undefined)].map((port) => {
    if (!Object.hasOwn(feeds, port.name) || feeds[port.name] === undefined)
      throw new HeddleError('INPUT_MISSING', 'an input was not given', {
        where: `feeds, ${JSON.stringify(port.name)}`,
        expected: describePort(port),
      });
    const tensor = givenTensor(feeds[port.name], `feeds, ${JSON.stringify(port.name)}`);
    checkFits(port, tensor);
    return { port, tensor };
  });
}

function refuseExtra(name: string, names: readonly string[]): never {
  const near = nearestName(name, names);
  throw new HeddleError('INPUT_UNKNOWN', 'no input has that name', {
    where: 'feeds',
    found: name,
    expected: names.join(', ') || 'no inputs',
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}

const describePort = ({ type, shape }: TensorPort): string =>
  `${type}${shape === undefined ? '' : `[${shape.join(',')}]`}`;

function checkFits(port: TensorPort, { type, dims }: GivenTensor): void {
  const facts = {
    where: `feeds, ${JSON.stringify(port.name)}`,
    found: `${type}[${dims.join(',')}]`,
    expected: describePort(port),
  };
  if (type !== port.type) throw new HeddleError('INPUT_DTYPE', 'an input has the wrong type', facts);
  const { shape } = port;
  const fits = (extent: number | string, axis: number): boolean =>
    typeof extent === 'string' || extent === dims[axis];
  if (shape !== undefined && (shape.length !== dims.length || !shape.every(fits)))
    throw new HeddleError('INPUT_SHAPE', 'an input has the wrong shape', facts);
}

/**
 * The outputs that `run(feeds, fetches?, options?)` asks for: a list of names, or an object with null or a tensor for each.
 * An object without the name of an output is the options. Throws USAGE, VALUE_UNKNOWN.
 */
export function checkedFetches(outputs: readonly string[], given: readonly unknown[]): Fetches {
  const [fetches, options] = given;
  const all = (): Fetches => new Map(outputs.map((name) => [name, null]));
  if (options !== undefined && !isPlain(options)) refuseArgument('options', options);
  if (fetches === undefined) return all();
  if (isListOf(fetches, isText)) {
    if (fetches.length === 0) refuseArgument('fetches', fetches);
    return new Map(fetches.map((name) => [known(outputs, name), null]));
  }
  if (!isPlain(fetches)) return refuseArgument('fetches', fetches);
  const named = outputs.filter((name) => Object.hasOwn(fetches, name));
  if (named.length === 0) return all();
  return new Map(
    Object.entries(fetches).map(([name, value]) => [
      known(outputs, name),
      value === null || value === undefined ? null : givenTensor(value, `fetches, ${JSON.stringify(name)}`),
    ]),
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';

function known(outputs: readonly string[], name: string): string {
  if (outputs.includes(name)) return name;
  throw new HeddleError('VALUE_UNKNOWN', 'no output has that name', {
    where: 'fetches',
    found: name,
    expected: outputs.join(', '),
  });
}

function refuseArgument(what: 'fetches' | 'options', found: unknown): never {
  throw new HeddleError('USAGE', `the ${what} of a run have the wrong type`, {
    where: 'run',
    found: describeValue(found),
    expected: what === 'options' ? 'an object' : 'a list of names, or { NAME: null }',
  });
}

/** Where an output is wanted. Throws ONNX_UNSUPPORTED_FEATURE for places that only other runtimes have. */
export function outputLocation(
  preferred: InferenceSession.SessionOptions['preferredOutputLocation'],
  name: string,
): 'cpu' | 'gpu-buffer' {
  const location = typeof preferred === 'object' ? preferred[name] : preferred;
  if (location === undefined || location === 'cpu' || location === 'cpu-pinned') return 'cpu';
  if (location === 'gpu-buffer') return location;
  throw new HeddleError('ONNX_UNSUPPORTED_FEATURE', 'outputs cannot lie there', {
    where: `preferredOutputLocation, ${JSON.stringify(name)}`,
    found: String(location),
    expected: 'cpu or gpu-buffer',
  });
}
