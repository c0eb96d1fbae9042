/** Numbers as the browser's language writes them. */
const plain = new Intl.NumberFormat();
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });

export const integer = (value: number): string => plain.format(value);

const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const;

/** `1.5 MiB` */
export function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? plain.format(value) : short.format(value)} ${UNITS[unit]}`;
}

export const counted = (count: number, noun: string): string =>
  `${integer(count)} ${noun}${count === 1 ? '' : 's'}`;

export const ratio = (value: number): string => short.format(value);
