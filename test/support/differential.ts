/** The heart of the tests: what the interpreter computes, a device must compute bit for bit. */
import { isFloat } from '../../src/base/dtype.js';
import type { TensorData } from '../../src/base/tensor.js';
import { buildPreludes } from '../../src/codegen/wgsl/prelude.js';
import { SOFTWARE_TARGET, type Target } from '../../src/passes/target.js';
import { build, prepare, type Prepared } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { paramsOf, type Program } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { verifyGraph } from '../../src/ir/verify.js';
import type { Device } from '../../src/runtime/device.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { proveDevice } from '../../src/device/open.js';
import { describeDifference, describeOutputDifference } from '../../src/verify/verify.js';
import { toWords } from '../../src/runtime/words.js';
import { availableGpus, openGpu, type GpuName } from './gpu.js';
import { planned } from './planned.js';
import { separateKernels } from './separate.js';

const devices = new Map<GpuName, Promise<Device>>();

/** A device of the named driver, probed, opened once a process, with the limits that every WebGPU device has. */
export function testDevice(name: GpuName): Promise<Device> {
  const known = devices.get(name);
  if (known !== undefined) return known;
  const opened = openGpu(name).then(async ({ device }): Promise<Device> => {
    const { profile, preludes } = await proveDevice(device, name, buildPreludes());
    return { gpu: device, name, profile, preludes };
  });
  devices.set(name, opened);
  return opened;
}

const isNaNWord = (word: number): boolean => (word & 0x7fffffff) > 0x7f800000;
const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

/** Where two tensors differ, in a line; undefined where their bits are the same (all NaNs are one). */
export function differenceOf(found: TensorData, expected: TensorData): string | undefined {
  if (found.dtype !== expected.dtype || found.shape.join() !== expected.shape.join())
    return `${found.dtype}[${found.shape.join()}], not ${expected.dtype}[${expected.shape.join()}]`;
  const [a, b] = [toWords(found), toWords(expected)];
  const float = isFloat(found.dtype);
  for (let i = 0; i < b.length; i++)
    if (a[i] !== b[i] && !(float && isNaNWord(a[i]) && isNaNWord(b[i])))
      return `element ${i} of ${b.length}: device 0x${hex(a[i])}, interpreter 0x${hex(b[i])}`;
  return undefined;
}

/** A program with the inputs it is to run on. */
export interface Specimen {
  readonly program: Program;
  readonly inputs: Tensors;
  /** Other inputs, run before, so that memory is full of other values. */
  readonly others?: Tensors;
}

/** What went wrong; empty where every output and every stored value has the interpreter's bits. */
async function findDifferences(
  prepared: Prepared,
  device: Device,
  { program, inputs, others }: Specimen,
): Promise<string[]> {
  const problems: string[] = [];
  device.gpu.pushErrorScope('validation');
  const compiled = await build(prepared, { device });
  try {
    const compareRun = async (given: Tensors, outputs: Tensors, what: string): Promise<void> => {
      for (const [name, found] of Object.entries(await compiled.run(given))) {
        const difference = differenceOf(found, outputs[name]);
        if (difference !== undefined) problems.push(`${what}, output ${name}: ${difference}`);
      }
    };
    const { subnormals } = device.profile;
    if (others !== undefined)
      await compareRun(others, interpret(program, others, { subnormals }).outputs, 'first run');
    const { differences, outputDifferences, outputs } = await compiled.verify(inputs);
    for (const difference of differences)
      problems.push([describeDifference(difference), ...difference.ir, difference.wgsl].join('\n'));
    problems.push(...outputDifferences.map(describeOutputDifference));
    await compareRun(inputs, outputs, 'run');
  } finally {
    const error = await device.gpu.popErrorScope();
    if (error !== null) problems.push(`validation: ${error.message}`);
    compiled.dispose();
  }
  return problems;
}

/** Row kernels without barriers, however few rows there are. */
export const ROWS_ALONE: Target = { ...SOFTWARE_TARGET, rowsAlone: 1 };

/**
 * Ways to compile a program: as users do, for GPUs and for software GPUs (which get larger tiles,
 * and rows without barriers), without the passes
 * before fusion, and with a kernel for every node.
 */
export const VARIANTS = ['optimised', 'software', 'fused', 'separate'] as const;
/**
 * `windows`: with a device that binds 2 KiB at a time. `cells`: as if launches took forever, so that workgroups make all trips of loops
 * wherever they can.
 */
export type Variant = (typeof VARIANTS)[number] | 'gated' | 'windows' | 'cells';

export const EAGER_CELLS: Target = { ...SOFTWARE_TARGET, launchSteps: 2 ** 30 };

const PREPARE: Readonly<Record<Variant, (program: Program) => Prepared>> = {
  optimised: (program) => prepare(program),
  software: (program) => prepare(program, { target: ROWS_ALONE }),
  // No branch is computed that is not taken, and trips of loops are commands.
  gated: (program) => prepare(program, { target: { ...ROWS_ALONE, launchCost: 0, launchSteps: 0 } }),
  cells: (program) => prepare(program, { target: EAGER_CELLS }),
  windows: (program) => prepare(program, { target: { ...SOFTWARE_TARGET, bindingBytes: 2048 } }),
  fused: (program) => ({ original: program, program, planned: planned(program.graph), log: [] }),
  separate: (program) => ({
    original: program,
    program,
    planned: planned(program.graph, separateKernels(program.graph)),
    log: [],
  }),
};

/** The variants of the prelude for devices that need them all. No device that was tried does. */
const CORRECTED = { mac: 'opaque', divide: 'corrected', squareRoot: 'corrected' } as const;

export interface Options {
  /** Default: all that are there. */
  readonly gpus?: readonly GpuName[];
  /** Which variants of the prelude kernels get. Default: what the probe chose. */
  readonly prelude?: 'probed' | 'corrected';
  /** Default: optimised. */
  readonly variants?: readonly Variant[];
}

/** Throws, with all that a test needs to reproduce it, where a device and the interpreter disagree. */
export async function expectSameBits(specimen: Specimen, options: Options = {}): Promise<void> {
  const { program } = specimen;
  verifyGraph(program.graph);
  for (const name of options.gpus ?? availableGpus)
    for (const variant of options.variants ?? ['optimised']) {
      const probed = await testDevice(name);
      const device =
        options.prelude === 'corrected'
          ? { ...probed, profile: { ...probed.profile, ...CORRECTED } }
          : probed;
      const problems = await Promise.resolve(program)
        .then(PREPARE[variant])
        .then((prepared) => findDifferences(prepared, device, specimen))
        .catch((error: unknown) => [error instanceof Error ? (error.stack ?? error.message) : String(error)]);
      if (problems.length > 0) throw new Error(report(`${name}, ${variant}`, specimen, problems));
    }
}

/** The same for a graph as text; `given` has its inputs by name and its weights by id. */
export function expectSameBitsOf(irText: string, given: Tensors, options?: Options): Promise<void> {
  const graph = parseGraph(irText);
  const params = new Set(paramsOf(graph).map(({ node }) => node.attrs.name));
  const entries = Object.entries(given);
  const specimen = {
    program: { graph, weights: new Map(entries.filter(([name]) => !params.has(name))) },
    inputs: Object.fromEntries(entries.filter(([name]) => params.has(name))),
  };
  return expectSameBits(specimen, options);
}

function report(where: string, { program, inputs }: Specimen, problems: readonly string[]): string {
  const given = [...Object.entries(inputs), ...program.weights].map(
    ([name, tensor]) => `  ${name}: ${literal(tensor)},`,
  );
  return [
    `${where}: ${problems.slice(0, 4).join('\n\n')}`,
    'As a test:',
    'await expectSameBitsOf(`',
    `${printGraph(program.graph)}\`, {`,
    ...given,
    '});',
  ].join('\n');
}

/** TypeScript that makes the tensor, by the pattern of its elements: see `words`. */
function literal({ dtype, shape, data }: TensorData): string {
  const bits = dtype === 'f32' ? new Uint32Array(data.buffer, data.byteOffset, data.length) : data;
  const show = (v: number): string =>
    dtype === 'f32' || dtype === 'f16' ? `0x${v.toString(16)}` : String(v);
  return `words('${dtype}', [${shape.join(', ')}], [${Array.from(bits, show).join(', ')}])`;
}
