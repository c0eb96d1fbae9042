/** What the device page finds out, as JSON, and as a link that contains it. */

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

/** The report in an address: JSON, deflated, in the alphabet of base64 for addresses. */
export async function packReport(report: DeviceReport): Promise<string> {
  const bytes = new Uint8Array(await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(JSON.stringify(report)))); // prettier-ignore
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes that a report in an address may have. */
const LONGEST = 1 << 20;

/** The report of an address. Throws where it is none. */
export async function unpackReport(text: string): Promise<DeviceReport> {
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const json = await through(new DecompressionStream('deflate-raw'), bytes);
  if (json.byteLength > LONGEST) throw new Error('the report is too long');
  const report = JSON.parse(new TextDecoder().decode(json)) as DeviceReport;
  if (report.version !== 1 || !Array.isArray(report.failures) || !Array.isArray(report.models))
    throw new Error('the address holds no report of this version');
  return report;
}

const through = (stream: CompressionStream | DecompressionStream, bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> =>
  new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer(); // prettier-ignore
