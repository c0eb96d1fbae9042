/** `heddle quantize`: the weights of a model in numeric types of few bits; a report for each type, and one of them as a file. */
import {
  readQuantized,
  writeQuantized,
  quantizeWeights,
  withQuantized,
  dequantizeTensor,
  type Arithmetic,
  type QuantizedTensors,
} from '../../quantize/index.js';
import type { Granularity } from '../../quantize/scheme.js';
import { countProducts } from '../../quantize/program.js';
import { bytesOfPlanes } from '../../quantize/planes.js';
import {
  checkNumericType,
  NUMERIC_TYPE_NAMES,
  numericType,
  type NumericTypeName,
} from '../../quantize/types.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import type { Program } from '../../ir/graph.js';
import { deviation, type DeviationReport } from '../../learn/metrics/index.js';
import { keepInputs, checkEnding } from '../files/outputs.js';
import { readBytes, writeBytes } from '../files/files.js';
import type { HeaderChoice } from '../files/csv.js';
import { openSamples, type Samples } from '../reports/samples.js';
import { bytes, facts, heading, indented, table } from '../terminal/format.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { ModelOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { ProgressBar } from '../terminal/progress.js';

export interface QuantizeCommandOptions extends ModelOptions {
  readonly type: string;
  readonly granularity?: Granularity;
  readonly blockSize?: number;
  readonly zeroPoint?: boolean;
  readonly arithmetic?: Arithmetic;
  readonly data?: string;
  readonly labels?: string;
  readonly header?: HeaderChoice;
  readonly device?: string;
  readonly out?: string;
}

/** What is said of a type. */
interface TypeReport {
  readonly type: NumericTypeName;
  readonly granularity: Granularity;
  readonly blockSize: number | undefined;
  readonly zeroPoint: boolean;
  /** Whether there are scales: floats of 16 bits need none. */
  readonly scaled: boolean;
  /** Of the weights on a device, those that stay f32 among them. */
  readonly weightBytes: number;
  /** The part of what they take as f32. */
  readonly ratio: number;
  /** Of the outputs from those of the f32 model, or without data of the weights. */
  readonly deviation: DeviationReport;
  readonly accuracy: number | undefined;
  readonly arithmetic: Arithmetic;
  /** Products with quantised weights, and how many of them are computed in integers. */
  readonly products: number;
  readonly integerProducts: number;
}

export async function quantize(path: string, options: QuantizeCommandOptions): Promise<ExitCode> {
  const types = typesOf(options.type);
  checkTaken(types, options);
  if (options.out !== undefined) {
    checkEnding(options.out, ['.safetensors']);
    keepInputs('--out', [options.out], [path, options.weights, options.seededWeights, options.data, options.labels]); // prettier-ignore
    if (types.length > 1)
      throw new HeddleError('USAGE', 'a file has one type', {
        where: '--out',
        found: `--type ${options.type}`,
        expected: 'one type',
      });
  }
  const output = new Output(options.json === true);
  const bar = await ProgressBar.open();
  const samples = await openSamples(path, options, output);
  try {
    const { program } = samples;
    const expected = await samples.run(program);
    const accuracy = samples.accuracy(expected);
    const reports: TypeReport[] = [];
    for (const [i, type] of types.entries()) {
      bar.update('types', i, types.length);
      const tensors = quantizeWeights(program, schemeFor(type, options));
      if (tensors.size === 0)
        throw new HeddleError('USAGE', 'the model has no weights to quantise', {
          where: path,
          expected: 'an f32 weight with at least two axes',
        });
      const arithmetic = arithmeticFor(tensors, samples.program, types.length > 1, options);
      reports.push(await reportOn(type, { tensors, arithmetic }, samples, expected));
      if (options.out !== undefined) write(options.out, { tensors, arithmetic }, samples);
    }
    bar.close();
    print(output, path, { reports, accuracy, samples, out: options.out });
    return EXIT.ok;
  } finally {
    bar.close();
    samples.close();
  }
}

/** `all`, or names with commas between them. Throws USAGE. */
const typesOf = (text: string): readonly NumericTypeName[] =>
  text === 'all' ? NUMERIC_TYPE_NAMES : text.split(',').map((name) => checkNumericType(name, '--type'));

/** Throws USAGE for options that change nothing, and for weights that are quantised already. */
function checkTaken(types: readonly NumericTypeName[], options: QuantizeCommandOptions): void {
  const { blockSize, granularity, zeroPoint, header, data, labels, weights } = options;
  const kinds = types.map(numericType);
  const hasBlocks =
    granularity === undefined ? kinds.some(({ bits }) => bits === 4) : granularity === 'block';
  if (blockSize !== undefined && !hasBlocks)
    throw new HeddleError('USAGE', 'only blocks have a size', {
      where: '--block-size',
      found: granularity ?? `${types.join(', ')}, which has scales of channels`,
      expected: '--granularity block',
    });
  if (zeroPoint === true && kinds.every(({ kind }) => kind === 'float'))
    throw new HeddleError('USAGE', 'floats have no zero points: their 0 is 0', {
      where: '--zero-point',
      found: types.join(', '),
      expected: 'an integer type',
    });
  if (header !== undefined && ![data, labels].some((file) => file?.toLowerCase().endsWith('.csv')))
    throw new HeddleError('USAGE', 'only tables have a first line with names', {
      where: '--header',
      expected: 'a .csv file as --data or --labels',
    });
  if (weights !== undefined && readQuantized(readBytes(weights), weights).quantized.size > 0)
    throw new HeddleError('USAGE', 'the weights are quantised already', {
      where: '--weights',
      found: weights,
      expected: 'weights of f32: each rounding adds its own error',
    });
}

const schemeFor = (
  type: NumericTypeName,
  { granularity, blockSize, zeroPoint = false }: QuantizeCommandOptions,
): Parameters<typeof quantizeWeights>[1] => ({
  type,
  ...(granularity === undefined ? {} : { granularity }),
  ...(blockSize === undefined ? {} : { blockSize }),
  zeroPoint: zeroPoint && numericType(type).kind === 'integer',
});

/** Weights in a type, and in what their products are computed. */
interface Quantized {
  readonly tensors: QuantizedTensors;
  readonly arithmetic: Arithmetic;
}

/** The arithmetic that is asked for; among several types, f32 for those that have no product in integers. */
const arithmeticFor = (
  tensors: QuantizedTensors,
  program: Program,
  areSeveral: boolean,
  { arithmetic = 'f32' }: QuantizeCommandOptions,
): Arithmetic => (areSeveral && countProducts(program, tensors).integer === 0 ? 'f32' : arithmetic);

async function reportOn(
  type: NumericTypeName,
  { tensors, arithmetic }: Quantized,
  samples: Samples,
  expected: Float32Array | undefined,
): Promise<TypeReport> {
  const { program } = samples;
  const packed = withQuantized(program, tensors, { arithmetic });
  const { products, integer } = countProducts(program, tensors);
  const found = await samples.run(packed);
  const [{ granularity, blockSize, zeroPoints }] = [...tensors.values()];
  return {
    type,
    granularity,
    blockSize: granularity === 'block' ? blockSize : undefined,
    zeroPoint: zeroPoints !== undefined,
    scaled: [...tensors.values()].some(({ scales }) => scales.some((scale) => scale !== 1)),
    weightBytes: weightBytes(packed),
    ratio: weightBytes(packed) / weightBytes(program),
    deviation:
      found === undefined || expected === undefined
        ? weightDeviation(program, tensors)
        : deviation(found, expected),
    accuracy: samples.accuracy(found),
    arithmetic,
    products,
    integerProducts: arithmetic === 'integer' ? integer : 0,
  };
}

/** Every element is a word on a device. */
const weightBytes = ({ weights }: Program): number => bytesOfPlanes([...weights.values()]);

function weightDeviation({ weights }: Program, tensors: QuantizedTensors): DeviationReport {
  const of = (tensor: (id: string) => TensorData): Float32Array => {
    const all = [...tensors.keys()].map((id) => tensor(id).data as Float32Array);
    const joined = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const each of all) {
      joined.set(each, at);
      at += each.length;
    }
    return joined;
  };
  return deviation(
    of((id) => dequantizeTensor(tensors.get(id)!)),
    of((id) => weights.get(id)!),
  );
}

function write(path: string, { tensors: quantized, arithmetic }: Quantized, { others }: Samples): void {
  const tensors = new Map([...others].filter(([name]) => !quantized.has(name)));
  const own = arithmetic === 'f32' ? {} : { arithmetic };
  writeBytes(path, writeQuantized({ ...own, quantized, tensors }));
}

interface Found {
  readonly reports: readonly TypeReport[];
  /** Of the f32 model. */
  readonly accuracy: number | undefined;
  readonly samples: Samples;
  readonly out: string | undefined;
}

const percent = (part: number): string => `${(part * 100).toFixed(2)}%`;

function print(output: Output, path: string, { reports, accuracy, samples, out }: Found): void {
  const f32 = weightBytes(samples.program);
  output.result({
    model: path,
    device: samples.device,
    compared: samples.compared,
    f32: { weightBytes: f32, accuracy },
    types: reports.map(({ deviation: { buckets, ...own }, ...rest }) => ({
      ...rest,
      deviation: { ...own, buckets: buckets.map(({ from, to, count }) => ({ from, to, count })) },
    })),
    file: out,
  });
  output.print(heading(`${path}${samples.device === undefined ? '' : ` on ${samples.device}`}`));
  const hasClasses = accuracy !== undefined;
  const hasIntegers = reports.some(({ integerProducts }) => integerProducts > 0);
  const rows = reports.map(
    ({ type, granularity, blockSize, weightBytes: size, ratio, deviation: own, ...rest }) => [
      type,
      !rest.scaled ? 'none' : blockSize === undefined ? granularity : `blocks of ${blockSize}`,
      bytes(size),
      percent(ratio),
      ...(hasClasses ? [percent(rest.accuracy ?? 0)] : []),
      ...(hasIntegers ? [`${rest.integerProducts} of ${rest.products}`] : []),
      own.score.toFixed(2),
      ...own.buckets.map(({ count }) => String(count)),
    ],
  );
  const whole = ['f32', '', bytes(f32), percent(1), ...(hasClasses ? [percent(accuracy)] : []), ...(hasIntegers ? [''] : []), '', '', '', '', '', '', '']; // prettier-ignore
  const head = ['type', 'scales', 'weights', 'of f32', ...(hasClasses ? ['accuracy'] : []), ...(hasIntegers ? ['in integers'] : []), 'score', '<=10%', '<=20%', '<=30%', '<=40%', '<=50%', '<=100%', 'more']; // prettier-ignore
  output.print(table([whole, ...rows], head, head.map((_, i) => i).slice(2)));
  output.print(indented(`\nDeviation of ${samples.compared} from those of f32: so many within a percentage. The score is 100 where all are the same.`)); // prettier-ignore
  if (hasIntegers) output.print(indented('In integers: products of weights whose sums are exact, with the other operand as int8.')); // prettier-ignore
  if (out !== undefined) output.print(facts([['file', out]]));
}
