/** Programs with resident inputs and outputs: what they leave on the device has the interpreter's bits. */
import fc from 'fast-check';
import { isFloat } from '../../src/base/dtype.js';
import { makePlan } from '../../src/codegen/plan.js';
import { DEFAULT_TARGET } from '../../src/passes/target.js';
import { build, planProgram, prepare, type Prepared } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import { paramsOf, type Program } from '../../src/ir/graph.js';
import { printGraph } from '../../src/ir/print.js';
import { sizeOf } from '../../src/ir/types.js';
import { donationsOf, type NamedDonation } from '../../src/passes/memory/donations.js';
import { separateOutputs } from '../../src/passes/memory/residents.js';
import { DeviceHeap, type DeviceTensor } from '../../src/runtime/heap.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { describeDifference, describeOutputDifference } from '../../src/verify/verify.js';
import { differenceOf, ROWS_ALONE, testDevice, type Specimen, type Variant } from './differential.js';
import type { GpuName } from './gpu.js';
import { grow, recipes, type Recipe } from './graphs.js';
import { staged } from './planned.js';
import { separateKernels } from './separate.js';

export interface ResidentSpecimen extends Specimen {
  readonly donate: readonly NamedDonation[];
}

/** A param that is donated, and what becomes of it. */
interface Update {
  readonly param: number;
  readonly value: number;
  readonly kind: (typeof KINDS)[number];
}

/** `value`: any value that fits. `sum`: the param and any value. `turned`: reversed. `param`: any param that fits. */
const KINDS = ['sum', 'value', 'sum', 'turned', 'param', 'value'] as const;

export interface ResidentRecipe {
  readonly recipe: Recipe;
  readonly updates: readonly Update[];
  /** Values that are outputs once more, under another name. */
  readonly twice: readonly number[];
}

export const residentRecipes = (most = 14): fc.Arbitrary<ResidentRecipe> =>
  fc.record({
    recipe: recipes(most),
    updates: fc.array(fc.record({ param: fc.nat(20), value: fc.nat(99), kind: fc.constantFrom(...KINDS) }), {
      minLength: 1,
      maxLength: 5,
    }),
    twice: fc.array(fc.nat(99), { maxLength: 2 }),
  });

/** The graph of a recipe, with further outputs that take over the buffers of params. */
export function growResident({ recipe, updates, twice }: ResidentRecipe): ResidentSpecimen {
  const { program, ...inputs } = grow(recipe);
  const { graph } = program;
  const b = new GraphBuilder(graph.name);
  const values = graph.nodes.map((): GraphValue | undefined => undefined);
  graph.nodes.forEach((node, id) => {
    values[id] = b.emit(node.op, node.inputs.map((input) => values[input] as GraphValue), node.attrs); // prettier-ignore
  });
  for (const { name, value } of graph.outputs) b.output(name, values[value] as GraphValue);
  const all = values as GraphValue[];
  const params = paramsOf(graph);
  const donate: NamedDonation[] = [];
  for (const { param, value, kind } of updates) {
    if (params.length === 0) break;
    const { id, node } = params[param % params.length];
    const { name: input } = node.attrs;
    if (donate.some((donation) => donation.input === input)) continue;
    const output = `d${donate.length}`;
    b.output(output, updateOf(b, all, params.map((each) => all[each.id]), all[id], value, kind)); // prettier-ignore
    donate.push({ input, output });
  }
  const { outputs } = b.build();
  twice.forEach((pick, i) => {
    if (outputs.length > 0) b.output(`t${i}`, b.value(outputs[pick % outputs.length].value));
  });
  return { ...inputs, program: { ...program, graph: b.build() }, donate };
}

function updateOf(
  b: GraphBuilder,
  all: readonly GraphValue[],
  params: readonly GraphValue[],
  param: GraphValue,
  pick: number,
  kind: Update['kind'],
): GraphValue {
  const { dtype, shape } = param.type;
  const fits = ({ type }: GraphValue): boolean =>
    isFloat(type.dtype) === isFloat(dtype) && sizeOf(type) === sizeOf(param.type);
  const choose = (values: readonly GraphValue[]): GraphValue => {
    const found = values.filter(fits);
    return found[found.length - 1 - (pick % found.length)];
  };
  if (kind === 'param') return choose(params);
  if (kind === 'turned') return b.emit('reverse', [param], { axes: shape.map((_, axis) => axis) });
  const value = choose(all);
  if (kind === 'value' || dtype === 'bool') return value;
  return b.binary('add', param, b.reshape(b.cast(value, dtype), shape));
}

/** The program as the variant compiles it, with resident inputs and outputs. */
export function prepareResident(
  variant: Variant,
  program: Program,
  donate: readonly NamedDonation[],
): Prepared {
  if (variant === 'optimised') return prepare(program, { residents: true, donate });
  if (variant === 'software') return prepare(program, { residents: true, donate, target: ROWS_ALONE });
  if (variant === 'fused') return planProgram(program, { residents: true, donate });
  const donations = donationsOf(program.graph, donate);
  const graph = separateOutputs(program.graph, donations);
  const separate = { ...program, graph };
  const target = DEFAULT_TARGET;
  const planned = makePlan(staged(separate, separateKernels(graph), donations, target), target);
  return { original: program, program: separate, planned, log: [] };
}

/**
 * Runs the program twice on tensors of the device, and command by command. Throws where anything differs from the
 * interpreter, an input that is not donated has changed, or memory is lost.
 */
export async function expectSameResidentBits(
  { program, donate, inputs, others }: ResidentSpecimen,
  name: GpuName,
  variant: Variant,
): Promise<void> {
  const device = await testDevice(name);
  const { subnormals } = device.profile;
  const problems: string[] = [];
  const prepared = prepareResident(variant, program, donate);
  const compiled = await build(prepared, { device });
  const heap = new DeviceHeap(device);
  const compare = (what: string, found: Tensors, expected: Tensors): void => {
    for (const [key, tensor] of Object.entries(found)) {
      const difference = differenceOf(tensor, expected[key]);
      if (difference !== undefined) problems.push(`${what} ${key}: ${difference}`);
    }
  };
  const read = async (tensors: Readonly<Record<string, DeviceTensor>>): Promise<Tensors> => {
    const found = await heap.read(Object.values(tensors));
    return Object.fromEntries(Object.keys(tensors).map((key, i) => [key, found[i]]));
  };
  try {
    const donated = new Set(donate.map(({ input }) => input));
    for (const given of [others ?? inputs, inputs]) {
      const expected = interpret(program, given, { subnormals }).outputs;
      const tensors = Object.fromEntries(
        Object.entries(given).map(([key, data]) => [key, heap.upload(data)]),
      );
      const kept = Object.fromEntries(Object.entries(tensors).filter(([key]) => !donated.has(key)));
      const outputs = compiled.executable.dispatch(tensors, heap);
      compare('output', await read(outputs), expected);
      compare('kept input', await read(kept), given);
      for (const tensor of [...Object.values(kept), ...Object.values(outputs)]) heap.free(tensor);
      if (heap.liveBytes !== 0) problems.push(`${heap.liveBytes} bytes are lost`);
    }
    const { differences, outputDifferences } = await compiled.verify(inputs);
    for (const each of differences)
      problems.push([describeDifference(each), ...each.ir, each.wgsl].join('\n'));
    problems.push(...outputDifferences.map(describeOutputDifference));
  } finally {
    compiled.dispose();
    heap.dispose();
  }
  if (problems.length > 0)
    throw new Error([`${name}, ${variant}`, ...problems, JSON.stringify(donate), printGraph(program.graph)].join('\n')); // prettier-ignore
}
