/** Numbers for people. */

/** `1.50 MiB`, `300 B` */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${units[unit]}`;
}

/** `0.42 ms`, `12.3 ms`, `1.50 s` */
export function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${ms.toFixed(ms < 1 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** `12,345` */
export const integer = (value: number): string => value.toLocaleString('en-US');

/** `1 kernel`, `2 kernels` */
export const counted = (count: number, noun: string): string =>
  `${integer(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A number of a tensor: integers of 32 bits as they are, others in seven significant digits, as many as f32 has. */
export function element(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e10) return Object.is(value, -0) ? '-0' : String(value);
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(7)));
}
