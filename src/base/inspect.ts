/** What Node prints for a value in place of its fields: in the REPL, and by console.log. */

/** Known to Node, Deno and Bun; there is nothing to import. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** `value`, which is printed as `print` says. The property is hidden: no copy has it, and no comparison sees it. */
export const inspectedAs = <T extends object>(value: T, print: (value: T) => string): T =>
  Object.defineProperty(value, INSPECT, { value: () => print(value) });

/** Lines of a text that are shown. */
const SHOWN = 40;

/** The first lines of a text, and how many more there are. */
export function firstLines(text: string): string {
  const lines = text.trimEnd().split('\n');
  if (lines.length <= SHOWN) return lines.join('\n');
  return [...lines.slice(0, SHOWN), `  ... and ${lines.length - SHOWN} lines more`].join('\n');
}

/** Entries of a list that are named. */
const NAMED = 8;

/** `x: f32[1,4], y: f32[2]`, of a list that may be long. */
export function firstOf(texts: readonly string[]): string {
  if (texts.length === 0) return 'none';
  const rest = texts.length - NAMED;
  return [...texts.slice(0, NAMED), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
}
