/** `heddle evaluate`: what a network gives on labelled examples, measured. */
import {
  deviation,
  accuracy,
  argmaxRows,
  confusion,
  pearson,
  spearman,
  type ConfusionReport,
  type DeviationReport,
} from '../../learn/metrics/index.js';
import { barChart, confusionPicture } from '../../learn/plot.js';
import type { HeaderChoice } from '../files/csv.js';
import { checkFolderOf, writeBytes } from '../files/files.js';
import { checkEnding, keepInputs } from '../files/outputs.js';
import { openSamples } from '../reports/samples.js';
import { facts, heading, integer, table } from '../terminal/format.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { ModelOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { hasClasses } from '../training/accuracy.js';

export interface EvaluateOptions extends ModelOptions {
  readonly data: string;
  readonly labels: string;
  readonly header?: HeaderChoice;
  readonly device?: string;
  /** A file for a picture. */
  readonly svg?: string;
}

export async function evaluate(path: string, options: EvaluateOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { svg } = options;
  if (svg !== undefined) {
    checkEnding(svg, ['.svg'], '--svg');
    checkFolderOf('--svg', svg);
    keepInputs('--svg', [svg], [path, options.data, options.labels, options.weights]);
  }
  const draw = (picture: () => string): void => {
    if (svg !== undefined) writeBytes(svg, new TextEncoder().encode(picture()));
  };
  const samples = await openSamples(path, options, output);
  try {
    const all = await samples.run(samples.stored);
    const { labels: data, each } = samples.examples!;
    const expected = data.labels.data;
    const count = data.features.shape[0];
    const found = all!;
    output.print(heading(`${path} on ${samples.device}: ${integer(count)} examples`));
    const title = `${path}: ${integer(count)} examples`;
    const about = { model: path, device: samples.device, examples: count, ...(svg === undefined ? {} : { files: [svg] }) }; // prettier-ignore
    if (hasClasses(data)) {
      const predicted = argmaxRows(found, each);
      const report = confusion(predicted, expected, each);
      draw(() => confusionPicture({ title: `${title}, accuracy ${percent(report.accuracy)}`, matrix: report.matrix })); // prettier-ignore
      output.result({ ...about, accuracy: accuracy(predicted, expected), confusion: report });
      printClasses(output, report);
    } else {
      const report = deviation(found, expected);
      const correlations = { pearson: pearson(found, expected), spearman: spearman(found, expected) };
      draw(() => deviationPicture(`${title}, score ${report.score.toFixed(2)}`, report));
      output.result({ ...about, deviation: withoutSamples(report), ...correlations });
      printDeviation(output, report, correlations);
    }
    if (svg !== undefined) output.print(facts([['files', svg]]));
    return EXIT.ok;
  } finally {
    samples.close();
  }
}

const percent = (part: number): string => (Number.isNaN(part) ? '-' : `${(part * 100).toFixed(2)}%`);

function printClasses(output: Output, { matrix, classes, accuracy: right }: ConfusionReport): void {
  const names = matrix.map((_, i) => String(i));
  const right1 = names.map((_, i) => i + 1);
  output.print(
    table(
      matrix.map((row, i) => [names[i], ...row.map(integer)]),
      ['class \\ named', ...names],
      right1,
    ),
  );
  output.print(
    table(
      classes.map(({ support, precision, recall, f1 }, i) => [
        names[i],
        integer(support),
        percent(precision),
        percent(recall),
        percent(f1),
      ]),
      ['class', 'examples', 'precision', 'recall', 'F1'],
      [1, 2, 3, 4],
    ),
  );
  output.print(facts([['accuracy', percent(right)]]));
}

const withoutSamples = ({ buckets, ...rest }: DeviationReport): object => ({
  ...rest,
  buckets: buckets.map(({ from, to, count }) => ({ from, to, count })),
});

/** `up to 20%` */
const range = (to: number, i: number): string =>
  to === Infinity ? 'more' : `${i === 0 ? 'to' : 'up to'} ${to}%`;

const deviationPicture = (title: string, { buckets }: DeviationReport): string =>
  barChart({
    title,
    bars: buckets.map(({ to, count }, i) => ({ name: range(to, i), value: count })),
    xLabel: 'deviation',
    yLabel: 'numbers',
  });

function printDeviation(
  output: Output,
  { buckets, score, mean }: DeviationReport,
  correlations: { readonly pearson: number; readonly spearman: number },
): void {
  output.print(
    table(
      buckets.map(({ to, count }, i) => [range(to, i), integer(count)]),
      ['deviation', 'numbers'],
      [1],
    ),
  );
  output.print(
    facts([
      ['score', `${score.toFixed(2)} of 100`],
      ['mean deviation', `${mean.toFixed(2)}%`],
      [
        'correlation',
        `Pearson ${correlations.pearson.toFixed(4)}, Spearman ${correlations.spearman.toFixed(4)}`,
      ],
    ]),
  );
}
