/** Data sets out of files: NumPy arrays, and tables of numbers with commas. */
import { HeddleError } from '../../base/errors.js';
import { tensorData, type TensorData } from '../../base/tensor.js';
import { existsSync } from 'node:fs';
import { columnName, parseCsv, type HeaderChoice, type Table, type TableFacts } from './csv.js';
import { readBytes } from './files.js';
import { readNpy } from './npy.js';

/** Examples, and what is to be learned of each. */
export interface Examples {
  readonly features: TensorData;
  readonly labels: TensorData;
  /** Where they come from, for people. */
  readonly from: { readonly features: string; readonly labels: string };
  /** Where else the labels may be, where they are a column: the first of whole numbers from 0, for people. */
  readonly otherLabels?: string | undefined;
  /** What was taken for granted about the files, for people. */
  readonly notes: readonly string[];
}

/**
 * The examples in `data` (.npy, .csv), with labels from a file of their own, or from the column of `data` that `labels`
 * names, by name or number from 1 on. `header` says whether the first lines of tables name the columns. Throws what the
 * readers do; USAGE where there is no such column.
 */
export function readExamples(data: string, labels: string, header?: HeaderChoice): Examples {
  if (existsSync(labels)) {
    // Whichever file is sure of its rows helps to tell what the first line of the other is.
    const first = readTable(labels, { header });
    const features = readTable(data, { header, rows: sureRows(first) });
    const second =
      isTable(first) && !first.isSure ? readTable(labels, { header, rows: rowsOf(features) }) : first;
    return {
      features: wide(features, data),
      labels: narrow(wide(second, labels)),
      from: { features: data, labels },
      notes: [features, second].flatMap((source) => (isTable(source) ? source.notes : [])),
    };
  }
  const table = readTable(data, { header });
  if (!isTable(table))
    throw new HeddleError('USAGE', 'the file does not exist', {
      where: '--labels',
      found: labels,
      expected: 'a file with labels, or a column of a table in --data',
    });
  const { names, rows, notes } = table;
  const column = columnOf(labels, table);
  const byName = `--labels ${labels} is the column of that name, which is column ${column + 1} of ${data}.`;
  return {
    features: wide({ ...table, rows: rows.map((row) => row.filter((_, i) => i !== column)) }, data),
    labels: narrow(wide({ ...table, rows: rows.map((row) => [row[column]]) }, data)),
    from: { features: data, labels: `${data}, column ${labels}` },
    otherLabels: classColumn(table, column),
    notes:
      names?.includes(labels) && /^\d+$/.test(labels) && Number(labels) !== column + 1
        ? [...notes, byName]
        : notes,
  };
}

/** The column of a name, or else of a number from 1 on. Throws USAGE. */
function columnOf(labels: string, { names, rows }: Table): number {
  const column = names?.includes(labels) === true ? names.indexOf(labels) : Number(labels) - 1;
  if (names !== undefined && names.lastIndexOf(labels) > column)
    throw new HeddleError('USAGE', 'the table has several columns of that name', {
      where: '--labels',
      found: labels,
      expected: `a number from 1 to ${rows[0].length}`,
    });
  if (!Number.isInteger(column) || column < 0 || column >= rows[0].length)
    throw new HeddleError('USAGE', 'the table has no such column', {
      where: '--labels',
      found: labels,
      expected: `${names === undefined ? '' : `${names.join(', ')}, or `}1 to ${rows[0].length}, or a file`,
    });
  return column;
}

/** The first column but `chosen` that holds whole numbers from 0 only, for people. */
function classColumn({ names, rows }: Table, chosen: number): string | undefined {
  const holds = (column: number): boolean =>
    rows.every((row) => Number.isInteger(row[column]) && row[column] >= 0);
  const other = rows[0].findIndex((_, column) => column !== chosen && holds(column));
  return other < 0
    ? undefined
    : `columns count from 1, and ${columnName(other, names)} holds whole numbers: --labels ${other + 1}`;
}

const isTable = (source: Table | TensorData): source is Table => 'rows' in source;

const rowsOf = (source: Table | TensorData): number | undefined =>
  isTable(source) ? source.rows.length : source.shape.at(0);

/** How many examples a file has, where it is sure of that. */
const sureRows = (source: Table | TensorData): number | undefined =>
  isTable(source) && !source.isSure ? undefined : rowsOf(source);

function readTable(path: string, facts: TableFacts): Table | TensorData {
  const bytes = readBytes(path);
  return path.endsWith('.npy')
    ? readNpy(bytes, path)
    : parseCsv(new TextDecoder().decode(bytes), path, facts);
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
