/** `heddle doctor`: the adapters, the limits of one, and how it computes, pattern by pattern and kernel by kernel. */
import pc from 'picocolors';
import { HeddleError } from '../../base/errors.js';
import { listAdapters, type AdapterDescription } from '../../node/index.js';
import type { NumericProfile } from '../../runtime/device.js';
import type { PatternFailure, PatternResult } from '../../device/probe/program.js';
import { findSoftwareGpus } from '../../softgpu/index.js';
import { closeDevice, describeDevice, openAdapter, openEngine } from './device.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { counted, facts, heading, indented, integer, table } from '../terminal/format.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';

export interface DoctorOptions extends CommonOptions {
  readonly device: string;
  /** Lists what passed as well. */
  readonly all?: boolean;
}

/** The WebAssembly engine, for people: `WebAssembly with SIMD, 2 threads`; undefined where this machine has none. */
async function engineFound(): Promise<string | undefined> {
  try {
    const engine = await openEngine('wasm');
    closeDevice(engine);
    return `WebAssembly with SIMD, ${counted(engine.threads, 'thread')}`;
  } catch (error) {
    if (error instanceof HeddleError && error.code === 'DEVICE_NOT_FOUND') return undefined;
    throw error;
  }
}

export async function doctor({ device: name, json, all = false }: DoctorOptions): Promise<ExitCode> {
  const output = new Output(json === true);
  const adapters = await listAdapters();
  const software = findSoftwareGpus();
  output.print(`${heading('Adapters')}\n${describeAdapters(adapters)}`);
  if (software.swiftshaderProblem === undefined)
    output.print('  The software GPU from npm is there: --device webgpu:swiftshader');
  else output.print(`  The software GPU from npm is not there: ${software.swiftshaderProblem}`);

  const engine = await engineFound();
  output.print(
    `  ${engine === undefined ? 'The CPU has no WebAssembly with SIMD here' : `The CPU is there: ${engine}: --device wasm`}`,
  );

  const hardware = adapters.some((adapter) => !adapter.software);
  output.print(`  Without --device, models run on ${hardware ? 'the hardware GPU' : 'the CPU'}.`);

  const device = await openAdapter(name, output, { allowInexact: true, probe: 'full' });
  try {
    const limits = limitsOf(device.gpu);
    const { exact } = device.report;
    const patterns = device.report.patterns.filter(({ kind }) => kind === 'pattern');
    const templates = device.report.patterns.filter(({ kind }) => kind === 'template');
    output.result({
      adapters,
      softwareGpus: software.gpus,
      wasm: engine,
      device: describeDevice(device),
      limits,
      exact,
      profile: device.profile,
      patterns,
      templates,
    });
    output.print(`\n${heading(describeDevice(device))}`);
    output.print(`  ${verdict(patterns, templates)}`);
    output.print(facts(Object.entries(limits).map(([limit, value]) => [limit, integer(value)] as const)));
    output.print(`\n${heading('Numeric profile')}\n${facts(describeProfile(device.profile))}`);
    for (const [title, results] of [
      ['Patterns', patterns],
      ['Kernel templates', templates],
    ] as const) {
      const shown = results.filter(({ passed }) => all || !passed);
      if (shown.length > 0) output.print(`\n${heading(title)}\n${describeResults(shown)}`);
    }
    if (!all) output.print('\nMore: --all lists every pattern and kernel template.');
    return exact ? EXIT.ok : EXIT.failure;
  } finally {
    device.gpu.destroy();
  }
}

const describeAdapters = (adapters: readonly AdapterDescription[]): string =>
  adapters.length === 0
    ? '  none'
    : table(
        adapters.map(({ name, backend, software }) => [name, backend, software ? 'software' : 'hardware']),
      );

/** The limits that decide what fits. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'minStorageBufferOffsetAlignment',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

const limitsOf = ({ limits }: GPUDevice): Readonly<Record<string, number>> =>
  Object.fromEntries(LIMITS.map((name) => [name, limits[name]]));

function describeProfile({
  subnormals,
  mac,
  divide,
  squareRoot,
}: NumericProfile): (readonly [string, string])[] {
  const rounding = { native: 'correctly rounded by the device', corrected: 'corrected with integers' };
  return [
    ['subnormals', subnormals === 'flush' ? 'flushed to zero' : 'kept'],
    ['multiply-add', mac === 'fusedZero' ? 'a product that is fused with -0 keeps both roundings' : 'roundings are kept by hiding the product in an integer'], // prettier-ignore
    ['division', rounding[divide]],
    ['square root', rounding[squareRoot]],
  ];
}

function describeResults(results: readonly PatternResult[]): string {
  const groups = [...new Set(results.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = results
        .filter((result) => result.group === group)
        .map(({ name, passed, cases, firstFailure }) => [
          { styled: passed ? pc.green('exact') : pc.red('WRONG') },
          name,
          firstFailure === undefined ? counted(cases, 'case') : describeFailure(firstFailure),
        ]);
      return `  ${group}\n${indented(table(rows))}`;
    })
    .join('\n');
}

function describeFailure({ element, inputs, found, expected }: PatternFailure): string {
  const operands = inputs.length === 0 ? '' : ` (${inputs.map((word) => `0x${word}`).join(', ')})`;
  return `element ${element}${operands}: 0x${found}, not 0x${expected}`;
}

function verdict(patterns: readonly PatternResult[], templates: readonly PatternResult[]): string {
  const failing = (results: readonly PatternResult[]): number =>
    results.filter(({ passed }) => !passed).length;
  const [badPatterns, badTemplates] = [failing(patterns), failing(templates)];
  return badPatterns + badTemplates === 0
    ? pc.green(`All ${patterns.length} patterns are exact, and all ${templates.length} results of the kernel templates: this device computes what the interpreter does.`) // prettier-ignore
    : pc.red(`${badPatterns} of ${patterns.length} patterns are wrong, and ${badTemplates} of ${templates.length} results of the kernel templates: exact mode refuses this device.`); // prettier-ignore
}
