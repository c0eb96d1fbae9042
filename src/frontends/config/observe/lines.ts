/**
 * Observations as lines of JSON: what is recorded, and what is posted. No number is lost: JSON has no -0, NaN and infinities, which
 * become the strings "-0", "NaN", "Infinity" and "-Infinity".
 */
import { describeValue } from '../../../base/describe.js';
import { HeddleError } from '../../../base/errors.js';
import { MEASURES, MODES, type LayerObservation, type Observation } from './observation.js';

/** The first line of a recording. */
const HEADER = { recording: 'heddle', version: 1 } as const;

const SPECIAL: ReadonlyMap<unknown, number> = new Map([
  ['-0', -0],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);

const replacer = (_: string, value: unknown): unknown => {
  if (typeof value !== 'number') return value;
  return Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value);
};

/** One line of JSON, with its end. */
export const observationLine = (observation: Observation): string =>
  `${JSON.stringify(observation, replacer)}\n`;

/** What a recording begins with. */
export const recordingHeader = (): string => `${JSON.stringify(HEADER)}\n`;

/**
 * The observations of a recording, in their order.
 *
 * @throws FILE_FORMAT where `text` is not a recording, FILE_VERSION for one of a later version, FILE_TRUNCATED where its last line has no
 *   end, FILE_CORRUPT where a line is not an observation; the errors say which line
 */
export function parseRecording(text: string): readonly Observation[] {
  if (typeof text !== 'string')
    throw new HeddleError('USAGE', 'a recording is text', {
      where: 'parseRecording',
      found: describeValue(text),
      expected: 'the content of a file that a recorder wrote',
    });
  const [first, ...lines] = text.split('\n');
  checkHeader(first);
  const rest = lines.pop();
  if (rest !== '')
    throw new HeddleError('FILE_TRUNCATED', 'the recording ends within a line', {
      where: `line ${lines.length + 2}`,
      found: rest ?? 'no end of the first line',
      hint: 'without that line it is a recording',
    });
  return lines.map((line, i) => observationOf(line, `line ${i + 2}`));
}

function checkHeader(line: string): void {
  const { recording, version } = (jsonOf(line) ?? {}) as Readonly<Record<keyof typeof HEADER, unknown>>;
  if (recording !== HEADER.recording)
    throw new HeddleError('FILE_FORMAT', 'the text is not a recording', {
      where: 'line 1',
      found: line.slice(0, 60),
      expected: JSON.stringify(HEADER),
    });
  if (version !== HEADER.version)
    throw new HeddleError('FILE_VERSION', 'the recording has another version', {
      where: 'line 1',
      found: describeValue(version),
      expected: `${HEADER.version}`,
    });
}

/** undefined for what is not JSON. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function observationOf(line: string, where: string): Observation {
  const value = jsonOf(line);
  const corrupt = (found: unknown, expected: string): never => {
    throw new HeddleError('FILE_CORRUPT', 'a line of the recording is not an observation', { where, found: describeValue(found), expected }); // prettier-ignore
  };
  if (!isRecord(value)) return corrupt(line, 'an object');
  const numberOf = (fields: Fields, name: string): number => {
    const found = fields[name];
    const number = typeof found === 'number' ? found : SPECIAL.get(found);
    return number ?? corrupt(found, `${name}: a number`);
  };
  const mode = MODES.find((one) => one === value.mode) ?? corrupt(value.mode, `mode: ${MODES.join(', ')}`);
  const step = numberOf(value, 'step');
  if (!Number.isSafeInteger(step) || step < 0) return corrupt(value.step, 'step: an integer from 0');
  if (!Array.isArray(value.layers)) return corrupt(value.layers, 'layers: a list');
  const layers = value.layers.map((layer: unknown): LayerObservation => {
    if (!isRecord(layer)) return corrupt(layer, 'a layer');
    const { name, type } = layer;
    if (typeof name !== 'string' || typeof type !== 'string')
      return corrupt(layer, 'name and type of a layer');
    const [mean, max, min, active, total] = MEASURES.map((measure) => numberOf(layer, measure));
    return { name, type, mean, max, min, active, total };
  });
  return { mode, step, layers, ...('loss' in value ? { loss: numberOf(value, 'loss') } : {}) };
}
