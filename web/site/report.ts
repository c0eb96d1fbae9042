/** What the device page finds out, as JSON, and as a link that contains it. */
import { packText, unpackText } from './packed.js';

export interface DeviceReport {
  /** Increased where pages would misread each other's reports. */
  readonly version: 1;
  /** ISO 8601. */
  readonly time: string;
  readonly browser: string;
  readonly adapter: AdapterFacts;
  /** How the device computes, as the probe found it. */
  readonly profile: Readonly<Record<string, string>>;
  readonly passed: number;
  /** Patterns and kernel templates that the device gets wrong; the first of some hundred. */
  readonly failures: readonly Failure[];
  readonly models: readonly ModelResult[];
}

export interface AdapterFacts {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly software: boolean;
}

export interface Failure {
  readonly group: string;
  readonly name: string;
  readonly element?: number;
  /** Words in hex. */
  readonly inputs?: readonly string[];
  readonly expected?: string;
  readonly found?: string;
}

/** One model, each value of each kernel held against the definition. */
export interface ModelResult {
  readonly model: string;
  readonly kernels: number;
  readonly values: number;
  readonly differences: number;
  /** The first difference, or what went wrong. */
  readonly first?: string;
}

/** Whether everything has the bits of the definition. */
export const isExact = ({ failures, models }: DeviceReport): boolean =>
  failures.length === 0 && models.every(({ differences, first }) => differences === 0 && first === undefined);

/** The report in an address. */
export const packReport = (report: DeviceReport): Promise<string> => packText(JSON.stringify(report));

/** The report of an address. Throws where it is none. */
export async function unpackReport(text: string): Promise<DeviceReport> {
  const report = JSON.parse(await unpackText(text)) as DeviceReport;
  if (report.version !== 1 || !Array.isArray(report.failures) || !Array.isArray(report.models))
    throw new Error('the address holds no report of this version');
  return report;
}
