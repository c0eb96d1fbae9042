/** Tables: what their lines hold, and what the first one is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parseCsv, type TableFacts } from '../../../src/cli/files/csv.js';
import { writeNpy } from '../../../src/data/npy.js';
import { readExamples } from '../../../src/cli/files/table.js';
import { fuzz } from '../../support/fuzz.js';

const home = mkdtempSync(join(tmpdir(), 'heddle-csv-'));
afterAll(() => rmSync(home, { recursive: true }));

describe('the first line', () => {
  /** Names, the number of rows, and whether something was taken for granted. */
  const seen = (text: string, facts?: TableFacts): readonly unknown[] => {
    const { names, rows, notes } = parseCsv(text, 'x.csv', facts);
    return [names?.join() ?? 'none', rows.length, notes.length];
  };
  const body = '5,1.5\n7,2\n';

  test.each<[string, string, readonly unknown[], TableFacts?]>([
    ['names', `a,b\n${body}`, ['a,b', 2, 0]],
    ['numbers', `3,9\n${body}`, ['none', 3, 0]],
    ['numbers as pandas gives them', `0,1\n${body}`, ['none', 3, 1]],
    ['and one row more than labels', `0,1\n${body}`, ['0,1', 2, 1], { rows: 2 }],
    ['and more of them', `0,1,2\n1,2,2\n`, ['none', 2, 1]],
    ['after an index', `,0\n0,5\n1,7\n`, [',0', 2, 2]],
    ['names after an index', `,a\n${body}`, [',a', 2, 1]],
    ['from 1', `1,2,3\n4,4,4\n`, ['none', 2, 1]],
    ['years', `2019,2020,2021\n4,4,4\n`, ['none', 2, 1]],
    ['all rows of xor', '0,1\n1,0\n0,0\n1,1\n', ['none', 4, 1]],
    ['one row', '0,1\n', ['none', 1, 1]],
    ['rows that count', '1,2,3\n4,5,6\n7,8,9\n', ['none', 3, 1]],
    ['two numbers that may be data', `1,2\n${body}`, ['none', 3, 0]],
    ['numbers in a row, as in other lines', `0,1\n${body}8,9\n0,1\n`, ['none', 5, 0]],
    ['names and numbers, by order', `id,2019\n${body}`, ['id,2019', 2, 0], { header: 'yes' }],
    ['decimals', `0.0,1.0\n${body}`, ['none', 3, 0]],
    ['a column named like nothing', `a,\n${body}`, ['a,', 2, 0]],
    ['numbers, by order', `0,1\n${body}`, ['none', 3, 0], { header: 'no' }],
    ['names, by order', `5,6\n${body}`, ['5,6', 2, 0], { header: 'yes' }],
    ['as many rows as labels', `0,1\n${body}`, ['none', 3, 0], { rows: 3 }],
    ['one row more than labels', `0\n0\n1\n`, ['0', 2, 1], { rows: 2 }],
    ['a label', `0\n0\n1\n`, ['none', 3, 0], { rows: 3 }],
    ['a label, as far as is known', `0\n0\n1\n`, ['none', 3, 0]],
  ])('%s', (_, text, expected, facts) => {
    expect(seen(text, facts)).toEqual(expected);
  });

  test.each(['', 'NA', 'nan', 'null', '?', ' ', 'N/A', '-', '<NA>'])(
    'with %j for a value is a row that lacks one',
    (hole) => {
      expect(() => parseCsv(`1,${hole},3\n4,5,6\n`, 'x.csv')).toThrow(
        /FILE_FORMAT: a value is missing\n.*x\.csv, line 1\n[^]*--header yes/,
      );
      expect(() => parseCsv(`${hole},0\n4,5\n`, 'x.csv')).toThrow(/a value is missing\n.*line 1/);
      expect(() => parseCsv(`a,b,c\n1,2,3\n4,${hole},6\n`, 'x.csv')).toThrow(/a value is missing\n.*line 3/);
    },
  );

  test.each(['1.5,2.o,3', 'id,2019,2020', '1,x,'])('with text among numbers is asked about: %s', (line) => {
    for (const rest of ['', '4,5,6\n'])
      expect(() => parseCsv(`${line}\n${rest}`, 'x.csv')).toThrow(
        /FILE_FORMAT: the table holds a value that is not a number\n.*x\.csv, line 1\n[^]*--header yes.*--header no/,
      );
  });

  test('text is not data, whoever says so', () => {
    expect(() => parseCsv('a,b\n1,2\n', 'x', { header: 'no' })).toThrow(/not a number\n.*x, line 1/);
    expect(() => parseCsv('a,b\n', 'x')).toThrow(/no rows/);
    expect(() => parseCsv('1,2\n', 'x', { header: 'yes' })).toThrow(/no rows/);
    expect(() => parseCsv('\n \n', 'x')).toThrow(/no rows/);
  });
});

describe('the hint for', () => {
  const IRIS = '5.1,0.2,setosa\n7,1.4,versicolor\n6,1.5,versicolor\n';
  const classes =
    /line 2\n[^]*in column 3\n[^]*hint: +if these are classes, number them from 0: "versicolor" is 0/;
  test.each([
    [
      'labels that are text',
      `a,b,species\n${IRIS}`,
      /column 3 \("species"\)[^]*"setosa" is 0, "versicolor" is 1/,
    ],
    ['labels that are text, without a header', IRIS, classes],
    ['semicolons', 'a;b\n1;2\n', /commas, not by semicolons/],
    ['semicolons and decimal commas', 'a;b\n1,5;2,5\n', /commas, not by semicolons/],
    ['tabs', 'a\tb\n1\t2\n', /commas, not by tabs/],
    ['blanks', '1 2 x\n3 4 x\n', /commas, not by blanks/],
  ])('%s', (_, text, expected) => {
    expect(() => parseCsv(text, 'x.csv')).toThrow(expected);
  });

  test('one word among numbers says nothing of classes', () => {
    expect(() => parseCsv('a,b\n1,2\n1,Route 66\n', 'x.csv')).toThrow(
      /"Route 66" in column 2 \("b"\)\n +expected: a number$/,
    );
  });
});

describe('lines', () => {
  test('count as editors count them', () => {
    expect(() => parseCsv('\n\na,b\r\n\r\n1,2\n\n1,x\n', 'x.csv')).toThrow(
      /x\.csv, line 7\n[^]*"x" in column 2 \("b"\)/,
    );
    expect(() => parseCsv('a,b\n\n\n1\n', 'x.csv')).toThrow(/x\.csv, line 4\n[^]*1 columns\n[^]*2 columns/);
    expect(() => parseCsv('"a\nb",c\n1,2\n3,y', 'x.csv')).toThrow(/x\.csv, line 4/);
    expect(() => parseCsv('"a\r\n\rb",c\r1,2\r\n3,y', 'x.csv')).toThrow(/x\.csv, line 5/);
  });

  test('hold cells as RFC 4180 has them', () => {
    expect(parseCsv('a, "b"\n1,2\r\n\n-3e1,4\n', 'x')).toMatchObject({ names: ['a', 'b'], rows: [[1, 2], [-30, 4]] }); // prettier-ignore
    expect(parseCsv('"a, ""b""",c\r1,"2"', 'x')).toMatchObject({ names: ['a, "b"', 'c'], rows: [[1, 2]] });
    expect(parseCsv('"a,b\n1,2', 'x').names).toEqual(['"a', 'b']);
    expect(() => parseCsv('a;b\n1;2\n', 'x')).toThrow(/line 2/);
    expect(parseCsv('5" disk,"a, b"\n1,2', 'x').names).toEqual(['5" disk', 'a, b']);
  });

  test('of one column may be blank in quotes, others not', () => {
    expect(parseCsv('""\n"a"\n""\n3\n" "\n', 'x')).toMatchObject({ names: ['a'], rows: [[3]] });
    expect(() => parseCsv('""\n1,2\n3,4\n', 'x')).toThrow(/a value is missing\n.*x, line 1\n/);
    expect(() => parseCsv('1,2\n""\n3,4\n', 'x')).toThrow(/differ in length\n.*x, line 2\n.*1 columns/);
  });

  test('in which a quote is not closed are read as they stand', () => {
    expect(() => parseCsv('"a","b"\n"1","2"\n"3","4\n"5","6"\n', 'x')).toThrow(
      /x, line 3\n.*"\\"4" in column 2 \("b"\)/,
    );
    expect(() => parseCsv('"a","b"\n"1","2"\n"3" ,"4"x\n', 'x')).toThrow(
      /x, line 3\n.*"\\"4\\"x" in column 2/,
    );
  });

  test('numbers come back, whatever is around them', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) =>
        fc.array(fc.array(number, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 9 }),
      );
    const around = fc.constantFrom((x: string) => x, (x: string) => ` ${x}\t`, (x: string) => `"${x}"`, (x: string) => ` "${x}" `); // prettier-ignore
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n', '\n\n', '\r'), around, (rows, end, dress) => {
        const lines = rows.map((row) => row.map((x) => dress(Object.is(x, -0) ? '-0' : String(x))).join(','));
        const text = ['x'.concat(',x'.repeat(rows[0].length - 1)), ...lines].join(end);
        expect(parseCsv(text, 'x').rows).toEqual(rows);
      }),
      fuzz(200),
    );
  });

  test('hostile text ends in an error of a known kind, and soon', () => {
    for (const text of [
      '"'.repeat(200_000),
      ','.repeat(200_000),
      '"a'.repeat(100_000),
      '\n'.repeat(200_000),
      '1,1\n1\n'.repeat(100_000),
    ])
      expect(() => parseCsv(text, 'x')).toThrow(/FILE_FORMAT/);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', '1', 'a', '-') }), (text) => {
        try {
          parseCsv(text, 'x');
        } catch (error) {
          expect(error).toMatchObject({ code: 'FILE_FORMAT' });
        }
      }),
      fuzz(500),
    );
  });
});

describe('examples with labels', () => {
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(home, name);
    writeFileSync(path, content);
    return path;
  };
  const ofLabels = (count: number): string =>
    file(`l${count}.npy`, writeNpy({ dtype: 'i32', shape: [count], data: new Int32Array(count) }));
  const seen = (data: string, labels: string): readonly unknown[] => {
    const { features, labels: found, notes } = readExamples(data, labels);
    return [features.shape[0], found.shape[0], notes.length];
  };
  const numbered = '0,1\n1,2\n2,1\n3,4\n4,3\n';

  test('one file tells what the first line of the other is', () => {
    const x = file('x.csv', numbered);
    expect(seen(x, file('y.csv', '0\n0\n1\n0\n1\n'))).toEqual([5, 5, 1]);
    // A first label that is no name either: there are as many examples as lines.
    expect(seen(x, file('z.csv', '1\n0\n1\n0\n1\n'))).toEqual([5, 5, 0]);
    expect(seen(x, ofLabels(5))).toEqual([5, 5, 0]);
    expect(seen(x, ofLabels(4))).toEqual([4, 4, 1]);
    expect(seen(x, file('named.csv', 'y\n1\n1\n1\n1\n1\n'))).toEqual([5, 5, 0]);
    expect(seen(file('plain.csv', '7,1\n1,2\n'), file('two.csv', '0\n1\n'))).toEqual([2, 2, 0]);
  });

  test('a column by its name comes before one by its number', () => {
    const x = file('c.csv', '0,1,2\n5,6,0\n7,7,1\n9,8,1\n');
    expect(Array.from(readExamples(x, '1', 'yes').labels.data)).toEqual([6, 7, 8]);
    expect(readExamples(x, '1', 'yes').notes).toHaveLength(1);
    expect(Array.from(readExamples(x, '3', 'yes').labels.data)).toEqual([0, 1, 1]);
    expect(() => readExamples(file('twice.csv', 'a,b,a\n1,2,3\n'), 'a')).toThrow(/USAGE[^]*several columns/);
  });
});
