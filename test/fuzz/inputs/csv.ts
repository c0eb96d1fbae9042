/** Tables of numbers. */
import { parseCsv } from '../../../src/cli/files/csv.js';
import type { InputFamily } from './family.js';
import { mutateText } from './mutate.js';
import type { Random } from './random.js';

const CELLS = [
  '1',
  '-2.5',
  '1e3',
  '',
  ' ',
  '"4"',
  'x',
  'NaN',
  'inf',
  '0x10',
  '1_000',
  '"',
  '""',
  '1;2',
  '\0',
];

const table = (random: Random): string => {
  const columns = random.integer(1, 5);
  const cell = (): string => (random.chance(0.9) ? String(random.integer(-9, 9)) : random.pick(CELLS));
  const rows = random.times(random.integer(0, 6), () => random.times(columns, cell).join(','));
  return [...(random.chance(0.5) ? ['a,b,c,d,e'] : []), ...rows].join(random.pick(['\n', '\r\n', '\n\n']));
};

export const csv: InputFamily = {
  name: 'csv',
  make(random) {
    if (random.chance(0.01)) {
      const part = random.pick(['1,', '"', ',', '\n', ' ', '1\n', '1,2\n', '"a', '\r', '","']);
      const text = part.repeat(random.pick([10_000, 300_000]));
      return { describe: `${JSON.stringify(part)} ${text.length / part.length} times`, run: () => void parseCsv(text, 'x.csv') }; // prettier-ignore
    }
    const { text, how } = random.chance(0.6) ? mutateText(table(random), random) : { text: table(random), how: 'cells' }; // prettier-ignore
    return { describe: how, run: () => void parseCsv(text, 'x.csv') };
  },
};
