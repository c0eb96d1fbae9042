/** The sizes of free dimensions, read off the tensors that a run is given. */
import type { DType } from '../base/dtype.js';
import { takeInputs } from '../base/check-tensors.js';
import { describeValue } from '../base/describe.js';
import { HeddleError, withFacts } from '../base/errors.js';
import { isListOf, isAnyNumber } from '../base/values.js';
import { bindDims, symbolsOf } from './bind-dims.js';
import { describeRange, isInRange } from './dim-range.js';
import { checkGraph, checkProgram } from './check-program.js';
import { dimSubstitute, dimSymbols, isStatic, symbolName, type Dim, type DimBindings, type SymDim } from './dim.js'; // prettier-ignore
import { paramsOf, type FreeDims, type Program, type SymbolicSpec } from './graph.js';
import { printType } from './types.js';

/** What sizes are read off: tensors on the host or on a device, by the names of the inputs. */
export type Shaped = Readonly<
  Record<string, { readonly dtype: DType; readonly shape: readonly number[] } | undefined>
>;

/** The free dimensions of a program; undefined where all its shapes are numbers. */
export function freeDimsOf(program: Program): FreeDims | undefined {
  if (program.free !== undefined) return program.free;
  const { graph, weights } = program;
  const symbols = symbolsOf(graph);
  if (symbols.length === 0) return undefined;
  return {
    symbols,
    inputs: paramsOf(graph).map(({ node: { attrs, type } }) => ({ name: attrs.name, ...type })),
    ranges: {},
    bind: (sizes) => ({ graph: bindDims(graph, sizes), weights }),
  };
}

/** No free dimensions: inputs of shapes that are numbers. */
export const fixedTo = (inputs: readonly SymbolicSpec[]): Omit<FreeDims, 'bind'> => ({
  symbols: [],
  inputs,
  ranges: {},
});

/** `program` for the sizes that `inputs` have. Throws as {@link sizesOf} and {@link bindSizes} do. */
export function boundTo(program: Program, inputs: Shaped): Program {
  const free = freeDimsOf(program);
  return free === undefined ? program : bindSizes(free, sizesOf(free, inputs));
}

/** The same for what a caller gives as a program. Throws USAGE where it is none, IR_INVALID for a graph that is broken. */
export function checkedFor(call: string, given: Program, inputs: Shaped): Program {
  checkProgram(call, given);
  if (given.free === undefined) checkGraph(call, given.graph);
  const program = boundTo(given, inputs);
  checkGraph(call, program.graph);
  return program;
}

/** The program of these sizes. What its rules refuse says for which sizes they do. */
export const bindSizes = (free: FreeDims, sizes: DimBindings): Program =>
  forSizes(free, sizes, () => free.bind(sizes));

/** Runs `body`; errors out of it say for which sizes it ran. */
export function forSizes<T>(free: FreeDims, sizes: DimBindings, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw ofSizes(free, sizes, error);
  }
}

/** `error` with the sizes that it came of in its place. */
export function ofSizes(free: FreeDims, sizes: DimBindings, error: unknown): unknown {
  if (!(error instanceof HeddleError)) return error;
  const { where } = error;
  const cause = `for ${describeSizes(free, sizes)}`;
  if (where?.includes(cause) === true) return error;
  return withFacts(error, { where: where === undefined ? cause : `${where}, ${cause}` });
}

/** `batch = 2 (input "x", axis 0), time = 7 (input "y", axis 1)` */
export const describeSizes = ({ inputs }: FreeDims, sizes: DimBindings): string =>
  Object.entries(sizes)
    .map(([name, size]) => {
      const place = inputs.flatMap((input) =>
        input.shape.flatMap((dim, axis) => (nameOf(dim) === name ? [placeOf(input, axis)] : [])),
      );
      return `${name} = ${size}${place.length === 0 ? '' : ` (${place[0]})`}`;
    })
    .join(', ');

/** A size with the axis that it was read off. */
interface Found {
  readonly size: number;
  readonly input: SymbolicSpec;
  readonly axis: number;
}

/**
 * The size of every free dimension, as `given` has it. Whether dtypes fit, and whether inputs that have no part in it are
 * there, the run says. Throws INPUT_UNKNOWN, and INPUT_SHAPE where a shape has another rank or other numbers than the
 * program declares, or sizes that are none, where two inputs disagree, and where a size lies outside of its range; INPUT_MISSING where the input is
 * not given off which a size would be read; DIM_UNBOUND where there is no such input.
 */
export function sizesOf(free: Omit<FreeDims, 'bind'>, given: Shaped): DimBindings {
  const { inputs, symbols } = free;
  checkNames(inputs, given);
  const found = new Map<string, Found>();
  const shapes = inputs.map((input) => shapeOf(input, given));
  inputs.forEach((input, i) =>
    shapes[i]?.forEach((size, axis) => {
      const name = nameOf(input.shape[axis]);
      if (name !== undefined) agree(found, name, { size, input, axis });
    }),
  );
  inputs.forEach((input, i) =>
    shapes[i]?.forEach((size, axis) => {
      const dim = input.shape[axis];
      if (nameOf(dim) === undefined) checkExtent(found, dim, { size, input, axis });
    }),
  );
  for (const [name, at] of found) checkRange(free, name, at);
  for (const name of symbols) if (!found.has(name)) throw missing(inputs, name);
  return Object.fromEntries(symbols.map((name) => [name, found.get(name)!.size]));
}

/** Shapes by the names of inputs, as {@link sizesOf} takes them. Throws INPUT_UNKNOWN, and INPUT_SHAPE for what is no shape. */
export function ofShapes(
  inputs: readonly SymbolicSpec[],
  shapes: Readonly<Record<string, readonly number[]>>,
): Shaped {
  const names = typeof shapes === 'object' && (shapes as object | null) !== null ? Object.keys(shapes) : [];
  checkNames(inputs, Object.fromEntries(names.map((name) => [name, undefined])));
  const given = inputs.filter(({ name }) => names.includes(name));
  return Object.fromEntries(
    given.map((input) => {
      const { name, dtype } = input;
      const shape: unknown = shapes[name];
      if (isListOf(shape, isAnyNumber)) return [name, { dtype, shape }];
      throw new HeddleError('INPUT_SHAPE', 'what is given is no shape', {
        where: placeOf(input),
        found: describeValue(shape),
        expected: `${input.shape.length} numbers, for ${printType(input)}`,
      });
    }),
  );
}

const nameOf = (dim: Dim): string | undefined => (isStatic(dim) ? undefined : symbolName(dim));

const placeOf = ({ name }: SymbolicSpec, axis?: number): string =>
  `input ${JSON.stringify(name)}${axis === undefined ? '' : `, axis ${axis}`}`;

/** Throws INPUT_UNKNOWN, and USAGE where inputs are not given by name. */
function checkNames(inputs: readonly SymbolicSpec[], given: Shaped): void {
  const isNamed = typeof given === 'object' && (given as object | null) !== null;
  if (isNamed && Object.keys(given).every((name) => inputs.some((input) => input.name === name))) return;
  const specs = inputs.map(({ name, dtype }) => ({ name, dtype, shape: [] }));
  takeInputs(specs, given, () => undefined);
}

/** The shape that an input has; undefined where it is not given, or is no tensor, which the run refuses. */
function shapeOf(input: SymbolicSpec, given: Shaped): readonly number[] | undefined {
  const shape: unknown = Object.hasOwn(given, input.name) ? given[input.name]?.shape : undefined;
  if (!isListOf(shape, isAnyNumber)) return undefined;
  if (shape.length === input.shape.length) {
    shape.forEach((size, axis) => checkSize(input, axis, size));
    return shape;
  }
  throw misshapen(input, shape, 'the input has the wrong number of axes');
}

function checkSize(input: SymbolicSpec, axis: number, size: number): void {
  if (Number.isSafeInteger(size) && size >= 0) return;
  const dim = input.shape[axis];
  const name = nameOf(dim);
  throw new HeddleError('INPUT_SHAPE', 'a size is not a whole number from 0 on', {
    where: placeOf(input, axis),
    found: name === undefined ? `${size}` : `${name} = ${size}`,
    expected: name === undefined ? `${isStatic(dim) ? dim : dim.text}` : `${name} from 0 on`,
  });
}

const misshapen = (input: SymbolicSpec, shape: readonly number[], summary: string): HeddleError =>
  new HeddleError('INPUT_SHAPE', summary, {
    where: `input ${JSON.stringify(input.name)}`,
    found: printType({ dtype: input.dtype, shape }),
    expected: printType(input),
  });

function agree(found: Map<string, Found>, name: string, at: Found): void {
  const earlier = found.get(name);
  if (earlier === undefined) found.set(name, at);
  else if (earlier.size !== at.size)
    throw new HeddleError('INPUT_SHAPE', 'the inputs disagree about a dimension', {
      where: placeOf(at.input, at.axis),
      found: `${name} = ${at.size}`,
      expected: `${name} = ${earlier.size}, as ${placeOf(earlier.input, earlier.axis)} has it`,
    });
}

/** An extent that is a number or computed from dimensions: of which one may be unknown, and is solved for. */
function checkExtent(found: Map<string, Found>, dim: Dim, at: Found): void {
  const sizes = Object.fromEntries([...found].map(([name, { size }]) => [name, size]));
  const left = dimSubstitute(dim, sizes);
  if (left === at.size) return;
  const solution = isStatic(left) ? undefined : solved(left, at.size);
  if (solution === undefined)
    throw new HeddleError('INPUT_SHAPE', 'the input has the wrong shape', {
      where: placeOf(at.input, at.axis),
      found: `${at.size}`,
      expected: isStatic(dim) ? `${dim}` : `${dim.text}${isStatic(left) ? ` = ${left}` : ''}`,
    });
  found.set(solution.name, { ...at, size: solution.size });
}

/** The size of the one symbol of `dim` that makes it `size`, where it is linear in it. */
function solved(dim: SymDim, size: number): { readonly name: string; readonly size: number } | undefined {
  const [name, ...others] = dimSymbols(dim);
  if (others.length > 0) return undefined;
  const [zero, one] = [0, 1].map((value) => dimSubstitute(dim, { [name]: value })) as [number, number];
  const root = (size - zero) / (one - zero);
  const fits = Number.isSafeInteger(root) && root >= 0 && dimSubstitute(dim, { [name]: root }) === size;
  return fits ? { name, size: root } : undefined;
}

function checkRange({ ranges }: Pick<FreeDims, 'ranges'>, name: string, { size, input, axis }: Found): void {
  const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
  if (range === undefined || isInRange(range, size)) return;
  throw new HeddleError('INPUT_SHAPE', 'a dimension is outside of its range', {
    where: placeOf(input, axis),
    found: `${name} = ${size}`,
    expected: `${name} from ${describeRange(range)}`,
  });
}

function missing(inputs: readonly SymbolicSpec[], name: string): HeddleError {
  const input = inputs.find(({ shape }) => shape.some((dim) => dimSymbols(dim).includes(name)));
  if (input === undefined)
    return new HeddleError('DIM_UNBOUND', 'no input has this dimension', {
      found: name,
      hint: 'bind it: bindDims(graph, {name: value})',
    });
  return new HeddleError('INPUT_MISSING', 'an input was not given', {
    where: `input ${JSON.stringify(input.name)}`,
    expected: printType(input),
  });
}
