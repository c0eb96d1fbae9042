/** Numbers for people. */
export const ms = (value) =>
  value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 2 : 1)} ms`;
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e6 ? 3 : 2)} MB`;
export const ratio = (value) => `${value.toFixed(value < 0.1 ? 3 : 2)}x`;

/** A line of a summary: the value, and whether it is what was wanted. */
export function verdict(name, { value, target, reached }) {
  const text = target === undefined ? '' : `, ${reached ? 'reached' : 'missed'}: at most ${target} wanted`;
  const shown = value < 0.01 ? value.toExponential(1) : value.toFixed(3);
  return `${name}: ${Number.isInteger(value) ? value : shown}${text}`;
}

export const geometricMean = (values) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
export const sum = (values) => values.reduce((a, b) => a + b, 0);

/** Values by name with the targets that exist for them, the largest that count as reached. */
export const judged = (values, targets) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { value, ...(name in targets ? { target: targets[name], reached: value <= targets[name] } : {}) },
    ]),
  );
