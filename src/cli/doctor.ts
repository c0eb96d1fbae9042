/** `heddle doctor`: the adapters, the limits of one, and how it computes, pattern by pattern. */
import pc from 'picocolors';
import { listAdapters, type AdapterDescription, type NodeDevice } from '../node/index.js';
import type { NumericProfile } from '../runtime/device.js';
import type { PatternResult } from '../runtime/probe/program.js';
import { findSoftwareGpus } from '../softgpu/index.js';
import { describeDevice, openAdapter } from './device.js';
import { EXIT, type ExitCode } from './exit.js';
import { counted, facts, heading, indented, integer, table } from './format.js';
import type { CommonOptions } from './options.js';
import { Output } from './output.js';

export interface DoctorOptions extends CommonOptions {
  readonly device: string;
}

export async function doctor({ device: name, json }: DoctorOptions): Promise<ExitCode> {
  const output = new Output(json === true);
  const adapters = await listAdapters();
  const software = findSoftwareGpus();
  output.print(`${heading('Adapters')}\n${describeAdapters(adapters)}`);
  if (software.swiftshaderProblem === undefined)
    output.print('  The software GPU from npm is there: --device webgpu:swiftshader');
  else output.print(`  The software GPU from npm is not there: ${software.swiftshaderProblem}`);

  const device = await openAdapter(name, output, { allowInexact: true });
  try {
    const limits = limitsOf(device.gpu);
    const { patterns, exact } = device.report;
    output.result({
      adapters,
      softwareGpus: software.gpus,
      device: describeDevice(device),
      limits,
      exact,
      profile: device.profile,
      patterns,
    });
    output.print(`\n${heading(describeDevice(device))}`);
    output.print(facts(Object.entries(limits).map(([limit, value]) => [limit, integer(value)] as const)));
    output.print(`\n${heading('Numeric profile')}\n${facts(describeProfile(device.profile))}`);
    output.print(`\n${heading('Patterns')}\n${describePatterns(patterns)}`);
    output.print(`\n${verdict(device, patterns)}`);
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

function describePatterns(patterns: readonly PatternResult[]): string {
  const groups = [...new Set(patterns.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = patterns
        .filter((pattern) => pattern.group === group)
        .map(({ name, passed, cases, firstFailure: at }) => [
          passed ? pc.green('exact') : pc.red('WRONG'),
          name,
          at === undefined
            ? counted(cases, 'case')
            : `element ${at.element} (${at.inputs.map((word) => `0x${word}`).join(', ')}): 0x${at.found}, not 0x${at.expected}`,
        ]);
      return `  ${group}\n${indented(table(rows))}`;
    })
    .join('\n');
}

function verdict({ report }: NodeDevice, patterns: readonly PatternResult[]): string {
  const failing = patterns.filter(({ passed }) => !passed).length;
  return report.exact
    ? pc.green(`All ${patterns.length} patterns are exact: this device computes what the interpreter does.`)
    : pc.red(`${failing} of ${patterns.length} patterns are wrong: exact mode refuses this device.`);
}
