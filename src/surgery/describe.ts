/** Differences between programs in words, however many there are. */
import { printable } from '../base/printable.js';
import { describeType } from '../base/tensor.js';
import type { Program } from '../ir/graph.js';
import { isGraph } from '../ir/check-program.js';
import { SymDim } from '../ir/dim.js';
import { printAttrs, printNumber } from '../ir/print.js';
import { printType } from '../ir/types.js';
import type { Patch } from './edit.js';
import { keysOf, Provenance, Weight } from './form.js';
import type { Change, Changes, ProgramDiff, WeightChange } from './diff.js';

/** Lines of each kind that are shown. */
const SHOWN = 10;

/** Characters of a line that are shown. */
const WIDTH = 160;

/** Patches that are shown. */
const PATCHES = 20;

/** Every value of a program, a line each, by the names that edits know: `relu1 = max(conv1, %7) : f32[1,8,4,4]`. */
export function describeValues({ graph }: Program): readonly string[] {
  const keys = keysOf(graph);
  return graph.nodes.map((node, value) =>
    printable(
      `${keys[value]} = ${node.op}(${node.inputs.map((input) => keys[input]).join(', ')})${printAttrs(node)} : ${printType(node.type)}`,
    ),
  );
}

/** `diff` in a bounded number of lines. */
export function describeDiff(diff: ProgramDiff): string {
  const sections = [
    section('Inputs', diff.inputs, describeChange),
    section('Outputs', diff.outputs, describeChange),
    section('Values', diff.values, describeChange),
    section('Weights', diff.weights, describeWeight),
  ].filter((text) => text !== '');
  if (diff.reordered) sections.push('Inputs or outputs stand in another order.');
  return sections.length === 0 ? 'The programs are the same.' : sections.join('\n');
}

function section<C>(title: string, changes: Changes<C>, describe: (change: C) => string): string {
  const { added, removed, changed } = changes;
  const counts = Object.entries({ added, removed, changed }).filter(([, list]) => list.length > 0);
  if (counts.length === 0) return '';
  const lines = [
    ...listed('added', added),
    ...listed('removed', removed),
    ...listed('changed', changed.map(describe)),
  ];
  return [`${title}: ${counts.map(([what, list]) => `${list.length} ${what}`).join(', ')}`, ...lines].join(
    '\n',
  );
}

function listed(what: string, texts: readonly string[]): string[] {
  const lines = texts.slice(0, SHOWN).map((text) => `  ${what.padEnd(8)} ${shortened(text)}`);
  return texts.length > SHOWN ? [...lines, `  ... and ${texts.length - SHOWN} more ${what}`] : lines;
}

function shortened(text: string): string {
  const line = printable(text);
  return line.length > WIDTH ? `${line.slice(0, WIDTH - 3)}...` : line;
}

const describeChange = ({ name, before, after }: Change): string =>
  `${shorter(name)}: ${shorter(before)} -> ${shorter(after)}`;

/** So that both sides of a change are seen. */
const shorter = (text: string): string =>
  text.length > WIDTH / 3 ? `${text.slice(0, WIDTH / 3 - 3)}...` : text;

function describeWeight({ name, before, after, elements, largest }: WeightChange): string {
  if (elements === undefined) return `${shorter(name)}: ${before} -> ${after}`;
  const by = largest === undefined ? '' : `, by at most ${Number(largest.toPrecision(4))}`;
  return `${shorter(name)}: ${elements} ${elements === 1 ? 'element' : 'elements'} of ${after}${by}`;
}

/** Patches in a bounded number of lines: `replace values.relu1.op: "tanh"`, as an edit would spell the place. */
export function describePatches(patches: readonly Patch[]): string {
  if (patches.length === 0) return 'none';
  const lines = patches
    .slice(0, PATCHES)
    .map(({ op, path, value }) =>
      shortened(`${op.padEnd(7)} ${placeIn(path)}${op === 'remove' ? '' : `: ${textOf(value)}`}`),
    );
  const left = patches.length - lines.length;
  return [...lines, ...(left > 0 ? [`... and ${left} more`] : [])].join('\n');
}

const placeIn = (path: readonly (string | number)[]): string =>
  path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      return /^[A-Za-z_$][\w$]*$/.test(step) ? `${i === 0 ? '' : '.'}${step}` : `[${JSON.stringify(step)}]`;
    })
    .join('');

/** The value of a patch, as JavaScript spells it: tensors by their types, graphs by their names. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return printNumber(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (value instanceof Weight) return describeType(value.tensor.dtype, value.tensor.shape);
  if (value instanceof SymDim) return value.text;
  if (value instanceof Provenance)
    return `${value.folded.size} folded names, ${value.merged.size} merged ones`;
  if (isGraph(value)) return `graph ${JSON.stringify(value.name)}`;
  const entries = Object.entries(value).map(([key, each]) => `${placeIn([key])}: ${textOf(each)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}
