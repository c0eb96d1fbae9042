/** Models as text, in the form that PyTorch made known. */
import { isTensor } from '../../tensor/tensors/tensor.js';

interface Printed {
  describe(): string;
  children(): readonly (readonly [name: string, child: unknown])[];
}

const INDENT = '  ';

/**
 *     Sequential(
 *       (0): Linear(inFeatures=784, outFeatures=128, bias=true)
 *       (1): relu
 *     )
 */
export function printModule(module: Printed): string {
  return block(module.constructor.name, module.describe(), module.children());
}

function block(name: string, extra: string, children: readonly (readonly [string, unknown])[]): string {
  const printed = children.flatMap(([key, child]) => {
    const text = print(child);
    return text === undefined ? [] : [[key, text] as const];
  });
  if (printed.length === 0) return `${name}(${extra})`;
  const lines = alike(printed).map(([key, text]) => `(${key}): ${text}`.replaceAll('\n', `\n${INDENT}`));
  return `${name}(${extra}\n${lines.map((line) => `${INDENT}${line}\n`).join('')})`;
}

/** Undefined for what is neither a module nor a function, and holds none. */
function print(child: unknown): string | undefined {
  if (typeof child === 'function') return child.name === '' ? 'function' : child.name;
  if (typeof child !== 'object' || child === null || isTensor(child)) return undefined;
  if (isPrinted(child)) return printModule(child);
  const entries = Object.entries(child) as [string, unknown][];
  if (!entries.some(([, inner]) => print(inner) !== undefined)) return undefined;
  return block(Array.isArray(child) ? 'List' : 'Record', '', entries);
}

const isPrinted = (value: object): value is Printed => 'describe' in value && 'children' in value;

/** Numbered neighbours that print alike, as one: `(0-5): 6 x TransformerBlock(...)`. */
function alike(entries: readonly (readonly [key: string, text: string])[]): (readonly [string, string])[] {
  const runs: { readonly first: string; last: string; count: number; readonly text: string }[] = [];
  for (const [key, text] of entries) {
    const run = runs.at(-1);
    if (run !== undefined && run.text === text && /^\d+$/.test(key)) {
      run.last = key;
      run.count++;
    } else runs.push({ first: key, last: key, count: 1, text });
  }
  return runs.map(({ first, last, count, text }) =>
    count === 1 ? [first, text] : [`${first}-${last}`, `${count} x ${text}`],
  );
}
