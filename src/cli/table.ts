/** Data sets out of files: NumPy arrays, and tables of numbers with commas. */
import { HeddleError } from '../base/errors.js';
import { tensorData, type TensorData } from '../base/tensor.js';
import { existsSync } from 'node:fs';
import { readBytes } from './files.js';
import { readNpy } from './npy.js';

/** Numbers in rows, with the names of the columns where the file has them. */
export interface Table {
  readonly names: readonly string[] | undefined;
  readonly rows: readonly (readonly number[])[];
}

/** A table of numbers. A first line that holds something else names the columns. Throws FILE_FORMAT. */
export function parseCsv(text: string, where: string): Table {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const cells = lines.map((line) => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')));
  const isNumber = (cell: string): boolean => cell !== '' && !Number.isNaN(Number(cell));
  const hasNames = cells.length > 0 && !cells[0].every(isNumber);
  const names = hasNames ? cells[0] : undefined;
  const body = hasNames ? cells.slice(1) : cells;
  const width = cells[0]?.length ?? 0;
  body.forEach((row, i) => {
    const wrong = row.findIndex((cell) => !isNumber(cell));
    if (row.length === width && wrong < 0) return;
    throw new HeddleError('FILE_FORMAT', 'the table holds something else than numbers', {
      where: `${where}, line ${i + (hasNames ? 2 : 1)}`,
      found: wrong < 0 ? `${row.length} columns` : JSON.stringify(row[wrong]),
      expected: wrong < 0 ? `${width} columns` : 'a number',
    });
  });
  if (body.length === 0)
    throw new HeddleError('FILE_FORMAT', 'the table has no rows', { where, expected: 'rows of numbers' });
  return { names, rows: body.map((row) => row.map(Number)) };
}

/** Examples, and what is to be learned of each. */
export interface Examples {
  readonly features: TensorData;
  readonly labels: TensorData;
  /** Where they come from, for people. */
  readonly from: { readonly features: string; readonly labels: string };
}

/**
 * The examples in `data` (.npy, .csv), with labels from a file of their own, or from the column of `data` that `labels`
 * names, by name or number from 1 on. Throws what the readers do; USAGE where there is no such column.
 */
export function readExamples(data: string, labels: string): Examples {
  const isFile = existsSync(labels);
  const features = readTable(data);
  if (isFile)
    return {
      features: wide(features, data),
      labels: narrow(wide(readTable(labels), labels)),
      from: { features: data, labels },
    };
  if (!isTable(features))
    throw new HeddleError('USAGE', 'there is no such file', {
      where: '--labels',
      found: labels,
      expected: 'a file with labels, or a column of a table in --data',
    });
  const { names, rows } = features;
  const column = names?.includes(labels) === true ? names.indexOf(labels) : Number(labels) - 1;
  if (!Number.isInteger(column) || column < 0 || column >= rows[0].length)
    throw new HeddleError('USAGE', 'the table has no such column', {
      where: '--labels',
      found: labels,
      expected: `${names === undefined ? '' : `${names.join(', ')}, or `}1 to ${rows[0].length}, or a file`,
    });
  return {
    features: wide({ names, rows: rows.map((row) => row.filter((_, i) => i !== column)) }, data),
    labels: narrow(wide({ names, rows: rows.map((row) => [row[column]]) }, data)),
    from: { features: data, labels: `${data}, column ${labels}` },
  };
}

const isTable = (source: Table | TensorData): source is Table => 'rows' in source;

function readTable(path: string): Table | TensorData {
  const bytes = readBytes(path);
  return path.endsWith('.npy') ? readNpy(bytes, path) : parseCsv(new TextDecoder().decode(bytes), path);
}

/** A table as f32 [rows, columns]. */
function wide(source: Table | TensorData, where: string): TensorData {
  if (isTable(source)) {
    const { rows } = source;
    return tensorData('f32', [rows.length, rows[0].length], Float32Array.from(rows.flat()));
  }
  if (source.shape.length > 0) return source;
  throw new HeddleError('FILE_FORMAT', 'a scalar holds no examples', { where });
}

/** One column is a list. */
const narrow = (tensor: TensorData): TensorData =>
  tensor.shape.length === 2 && tensor.shape[1] === 1 ? { ...tensor, shape: [tensor.shape[0]] } : tensor;
