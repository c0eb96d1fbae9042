/** `heddle replay`: what a recording holds, as a table, as a picture, or posted once more. */
import { HeddleError, inFile } from '../../base/errors.js';
import { nearestName } from '../../base/nearest.js';
import { parseRecording, replay, type Measure, type Observation } from '../../frontends/config/index.js';
import { lossCurve } from '../../learn/plot.js';
import { readBytes, writeBytes } from '../files/files.js';
import { checkEnding, keepInputs } from '../files/outputs.js';
import { prepareObserver } from '../files/recording.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { element, facts, heading, integer, table } from '../terminal/format.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';

export interface ReplayCommandOptions extends CommonOptions {
  readonly measure: Measure;
  /** Default: the last ones. */
  readonly layers?: readonly string[];
  readonly svg?: string;
  readonly post?: string;
  /** Milliseconds. */
  readonly interval: number;
}

/** Layers that a table or a picture has room for. */
const LAYERS = 6;
/** Steps that are printed. */
const STEPS = 12;

export async function replayRecording(path: string, options: ReplayCommandOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { svg, post, measure, interval } = options;
  if (svg !== undefined) {
    checkEnding(svg, ['.svg'], '--svg');
    keepInputs('--svg', [svg], [path]);
  }
  const opens = prepareObserver(post === undefined ? {} : { post }, output);
  const observations = inFile(path, () => parseRecording(new TextDecoder().decode(readBytes(path))));
  if (observations.length === 0)
    throw new HeddleError('FILE_TRUNCATED', 'the recording has no steps', { where: path });
  const layers = shownOf(observations, options);
  output.print(heading(`${path}: ${describe(observations)}`));
  print(output, observations, layers, measure);
  if (svg !== undefined) writeBytes(svg, new TextEncoder().encode(picture(path, observations, layers, measure))); // prettier-ignore
  if (opens !== undefined) await replay(observations, opens(), { interval });
  output.result({ recording: path, measure, layers, observations, files: svg === undefined ? undefined : [svg] }); // prettier-ignore
  if (svg !== undefined) output.print(facts([['files', svg]]));
  return EXIT.ok;
}

/** `tick, steps 0 to 99` */
const describe = (observations: readonly Observation[]): string =>
  `${observations[0].mode}, steps ${integer(observations[0].step)} to ${integer(observations[observations.length - 1].step)}`;

/** The names of the layers that are shown. Throws VALUE_UNKNOWN. */
function shownOf(observations: readonly Observation[], { layers }: ReplayCommandOptions): readonly string[] {
  const names = observations[0].layers.map(({ name }) => name);
  const unknown = layers?.find((name) => !names.includes(name));
  if (unknown === undefined) return layers ?? names.slice(-LAYERS);
  const near = nearestName(unknown, names);
  throw new HeddleError('VALUE_UNKNOWN', 'no layer has that name', {
    where: '--layers',
    found: unknown,
    expected: names.join(', '),
    hint: near === undefined ? undefined : `did you mean ${near}?`,
  });
}

/** NaN where a step has no such layer. */
const valueOf = ({ layers }: Observation, name: string, measure: Measure): number =>
  layers.find((layer) => layer.name === name)?.[measure] ?? NaN;

function print(
  output: Output,
  observations: readonly Observation[],
  layers: readonly string[],
  measure: Measure,
): void {
  const hasLoss = observations.some(({ loss }) => loss !== undefined);
  const head = ['step', ...layers.map((name) => `${name}: ${measure}`), ...(hasLoss ? ['loss'] : [])];
  output.print(
    table(
      observations
        .slice(-STEPS)
        .map((observation) => [
          integer(observation.step),
          ...layers.map((name) => element(valueOf(observation, name, measure))),
          ...(hasLoss ? [element(observation.loss ?? NaN)] : []),
        ]),
      head,
      head.map((_, i) => i),
    ),
  );
}

const picture = (
  path: string,
  observations: readonly Observation[],
  layers: readonly string[],
  measure: Measure,
): string =>
  lossCurve({
    title: `${path}: ${measure} of layers`,
    series: layers.map((name) => ({
      name,
      points: observations.map(
        (observation) => [observation.step, valueOf(observation, name, measure)] as const,
      ),
    })),
    xLabel: observations[0].mode === 'tick' ? 'tick' : 'step',
    yLabel: measure,
  });
