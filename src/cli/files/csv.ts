/** Tables of numbers with commas (RFC 4180), and what their first line is. */
import { CsvError, parse } from 'csv-parse/sync';
import { HeddleError } from '../../base/errors.js';
import { shorten } from '../../frontends/onnx/limits.js';

/** Whether the first line names the columns. */
export type HeaderChoice = 'yes' | 'no';

/** Numbers in rows, with the names of the columns where the file has them. */
export interface Table {
  readonly names: readonly string[] | undefined;
  readonly rows: readonly (readonly number[])[];
  /** Whether the first line can be nothing else, or somebody said what it is. */
  readonly isSure: boolean;
  /** What was taken for granted, for people. */
  readonly notes: readonly string[];
}

/** What is known about a table besides its text. */
export interface TableFacts {
  readonly header?: HeaderChoice | undefined;
  /** How many rows it should have, where another file tells. */
  readonly rows?: number | undefined;
}

interface Row {
  /** Where it begins in the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/**
 * A table of numbers. Blank lines do not count. Where nobody says what the first line is, it names the columns if it holds
 * text and no numbers, or numbers as programs give them to columns without names and another file has one row less. Throws
 * FILE_FORMAT, also for text among numbers in the first line.
 */
export function parseCsv(text: string, where: string, facts: TableFacts = {}): Table {
  const lines = rowsOf(text);
  const { isHeader, isSure } = firstLine(lines, facts);
  const [first] = lines;
  const rows = isHeader ? lines.slice(1) : lines;
  const place = ({ line }: Row): string => `${where}, line ${line}`;
  for (const row of rows) {
    const wrong = row.cells.findIndex((cell) => !isNumber(cell));
    if (row.cells.length === first.cells.length && wrong < 0) continue;
    const isShort = wrong < 0 || row.cells.length !== first.cells.length;
    throw new HeddleError('FILE_FORMAT', problemOf(isShort ? undefined : row.cells[wrong]), {
      where: place(row),
      found: isShort
        ? `${row.cells.length} columns`
        : `${JSON.stringify(shorten(row.cells[wrong]))} in ${columnName(wrong, isHeader && isSure ? first.cells : undefined)}`,
      expected: isShort ? `${first.cells.length} columns` : 'a number',
      hint:
        separatorHint(row.cells) ??
        (row === first && !isSure
          ? 'does this line name the columns? --header yes; else --header no'
          : undefined) ??
        (isShort ? undefined : classesHint(rows.map(({ cells }) => cells[wrong]))),
    });
  }
  if (rows.length === 0)
    throw new HeddleError('FILE_FORMAT', 'the table has no rows', { where, expected: 'rows of numbers' });
  const notes: string[] = [];
  if (isHeader && !isSure)
    notes.push(`${place(first)}: "${shorten(first.cells.join(','), 40)}" is taken for the names of the columns. With --header no, it is data.`); // prettier-ignore
  if (!isHeader && !isSure && isNumbered(first.cells, false))
    notes.push(`${place(first)}: "${shorten(first.cells.join(','), 40)}" is taken for data. With --header yes, it names the columns.`); // prettier-ignore
  if (isHeader && first.cells.length > 1 && first.cells[0] === '')
    notes.push(
      `${where}: column 1 has no name. If it numbers the rows, take it out: it is data like the others.`,
    );
  return {
    names: isHeader ? first.cells : undefined,
    rows: rows.map(({ cells }) => cells.map(Number)),
    isSure,
    notes,
  };
}

const problemOf = (cell: string | undefined): string =>
  cell === undefined
    ? 'the rows of the table differ in length'
    : isMissing(cell)
      ? 'a value is missing'
      : 'the table holds a value that is not a number';

/** A column for people: `column 2 ("b")`. */
export const columnName = (column: number, names: readonly string[] | undefined): string =>
  `column ${column + 1}${names === undefined || names[column] === '' ? '' : ` (${JSON.stringify(shorten(names[column]))})`}`;

/** What stands between cells in tables of another kind. The last two may stand in a cell as well. */
const SEPARATORS = { ';': 'semicolons', '\t': 'tabs', '|': 'bars', ' ': 'blanks' } as const;

/** For a line whose cells are separated by something else than commas. */
function separatorHint(cells: readonly string[]): string | undefined {
  const whole = cells.length === 1;
  const found = Object.entries(SEPARATORS).find(([separator]) =>
    cells.some((cell) => {
      const parts = cell.split(separator).map((part) => part.trim());
      if (parts.length < 2 || !parts.some(isNumber)) return false;
      return whole || separator === ';' || separator === '\t';
    }),
  );
  return found && `cells are separated by commas, not by ${found[1]}, and numbers have decimal points`;
}

/** Most labels that a hint lists. */
const LISTED = 3;

/** For a column of text: its values are numbered. */
function classesHint(column: readonly string[]): string | undefined {
  if (!column.every((cell: string | undefined) => cell !== undefined && isText(cell))) return undefined;
  const values = [...new Set(column)];
  const list = values.slice(0, LISTED).map((value, i) => `${JSON.stringify(shorten(value, 20))} is ${i}`);
  return `if these are classes, number them from 0: ${list.join(', ')}${values.length > LISTED ? ', ...' : ''}`;
}

const isNumber = (cell: string): boolean => cell !== '' && !Number.isNaN(Number(cell));

/** What stands in tables where a value is not known. */
const isMissing = (cell: string): boolean => /^(|nan|na|<na>|n\/a|#n\/a|null|none|nil|\?|-|\.)$/i.test(cell);

const isText = (cell: string): boolean => !isNumber(cell) && !isMissing(cell);

/** Whether the first line names the columns, and whether it could be something else. */
function firstLine(
  lines: readonly Row[],
  { header, rows }: TableFacts,
): { readonly isHeader: boolean; readonly isSure: boolean } {
  if (lines.length === 0 || header !== undefined) return { isHeader: header === 'yes', isSure: true };
  const [{ cells }, ...others] = lines;
  // Text among numbers may be a name, or a wrong cell of a row: a name only if all of its column is text.
  const isColumn = (cell: string, i: number): boolean =>
    !isText(cell) || (others.length > 0 && others.every((row) => isText(row.cells[i] ?? '')));
  if (cells.some(isText))
    return { isHeader: !cells.some(isNumber) || cells.every(isColumn), isSure: !cells.some(isNumber) };
  if (cells.every(isNumber)) {
    const isPlain = !isNumbered(cells, true) || rows === lines.length;
    const isHeader = !isPlain && rows === others.length;
    return { isHeader, isSure: isPlain || (!isHeader && others.some((row) => isNumbered(row.cells, false))) };
  }
  // An empty cell stands over an index, or for a value that is missing.
  const isIndexed = cells[0] === '' && others.every((row, i) => Number(row.cells[0]) === i);
  return { isHeader: isIndexed && rows !== lines.length && isNumbered(cells.slice(1), true), isSure: false };
}

/**
 * Numbers as columns get them that have no names: from 0, from 1, or years. Few of them may be data: `likely` says that
 * something else speaks for names.
 */
function isNumbered(names: readonly string[], likely: boolean): boolean {
  const [first, count] = [Number(names[0]), names.length];
  if (!names.every((name, i) => /^\d{1,9}$/.test(name) && Number(name) === first + i)) return false;
  if (first === 0) return count > 1 || (count === 1 && likely);
  return count > 2 && (first === 1 || (first >= 1900 && first <= 2100));
}

/**
 * The lines that are not blank, in cells without the blanks and the quotes around them, up to the first that differs in
 * length from the line before it.
 */
function rowsOf(text: string): Row[] {
  // The parser counts \r\n in quotes as two ends of lines.
  return recordsOf(text.replaceAll(/\r\n?/g, '\n'), true);
}

function recordsOf(text: string, hasQuotes: boolean): Row[] {
  const rows: Row[] = [];
  const add = (record: readonly string[], end: number): void => {
    // Only cells in quotes hold ends of lines.
    const line = record.reduce((sum, cell) => sum - (cell.split('\n').length - 1), end);
    rows.push({ line, cells: record.map((cell) => (hasQuotes ? cell : unquoted(cell)).trim()) });
  };
  try {
    parse(text, {
      onRecord(record: string[], { lines }) {
        add(record, lines);
        return undefined;
      },
      quote: hasQuotes && '"',
      recordDelimiter: '\n',
      relaxQuotes: true,
      skipEmptyLines: true,
      trim: true,
    });
    // Lines of "" are left.
    return rows.filter(({ cells }) => cells.length > 1 || cells[0] !== '');
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // A quote is not closed, or something stands behind one that closes: no quote holds a comma or the end of a line.
    if (error.code !== 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') return recordsOf(text, false);
    add(error.record as string[], error.lines as number);
    return rows;
  }
}

/** A cell without the quotes around it, in which two of them stand for one. */
const unquoted = (cell: string): string =>
  /^"(?:[^"]|"")*"$/.test(cell) ? cell.slice(1, -1).replaceAll('""', '"') : cell;
