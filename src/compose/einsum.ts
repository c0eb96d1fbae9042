/** Einstein's summation, as dots. */
import { greatest } from '../base/values.js';
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import type { Dim } from '../ir/dim.js';
import { printType } from '../ir/types.js';
import { broadcastTo } from './broadcast.js';

/** A value with a letter for each axis. Letters of an ellipsis are digits of a private alphabet. */
interface Term {
  readonly value: Value;
  readonly letters: readonly string[];
}

/**
 * `equation` as in NumPy: `ij,jk->ik`. Letters that only one operand has and the result has not are summed at once;
 * operands are contracted from left to right. An axis of extent 1 repeats beside a longer one of the same letter. Throws
 * ATTRIBUTE_INVALID for a malformed equation and SHAPE_MISMATCH where extents of one letter differ, and none is 1.
 */
export function einsum(b: Emitter, equation: string, operands: readonly Value[]): Value {
  const { inputs, output } = parse(equation, operands);
  checkExtents(equation, operands, inputs);
  const terms = operands.map((value, i) => diagonal(b, { value, letters: inputs[i] }));
  let [result, ...rest] = terms;
  result = sumAway(b, result, [...output, ...rest.flatMap(({ letters }) => letters)]);
  while (rest.length > 0) {
    const [next, ...later] = rest;
    const needed = [...output, ...later.flatMap(({ letters }) => letters)];
    result = contract(b, result, sumAway(b, next, [...result.letters, ...needed]), needed);
    rest = later;
  }
  const missing = output.find((letter) => !result.letters.includes(letter));
  if (missing !== undefined) malformed(equation, `the result names ${missing}, which no operand has`);
  return b.permute(
    result.value,
    output.map((letter) => result.letters.indexOf(letter)),
  );
}

function malformed(equation: string, why: string): never {
  throw new HeddleError('ATTRIBUTE_INVALID', why, { found: equation, expected: "such as 'bij,bjk->bik'" });
}

function parse(equation: string, operands: readonly Value[]): { inputs: string[][]; output: string[] } {
  const [left, right, ...more] = equation.replaceAll(' ', '').split('->');
  if (more.length > 0) malformed(equation, 'more than one arrow');
  const parts = left.split(',');
  if (parts.length !== operands.length)
    malformed(equation, `${parts.length} operands in the equation, ${operands.length} given`);
  const hidden = greatest(
    parts.map((part, i) => (part.includes('...') ? operands[i].type.shape.length - part.length + 3 : 0)),
    0,
  );
  const ellipsis = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${hidden - count + i}`);
  const lettersOf = (part: string, count: number): string[] => {
    if (!/^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(part)) malformed(equation, `'${part}' is not a list of axes`);
    const [before, after] = part.split('...') as [string, string | undefined];
    return after === undefined ? [...before] : [...before, ...ellipsis(count), ...after];
  };
  const inputs = parts.map((part, i) => {
    const rank = operands[i].type.shape.length;
    const letters = lettersOf(part, rank - part.length + 3);
    if (letters.length !== rank)
      throw new HeddleError('SHAPE_MISMATCH', 'the equation does not fit the operand', {
        found: `'${part}' for ${printType(operands[i].type)}`,
        where: equation,
      });
    return letters;
  });
  if ((right as string | undefined) !== undefined) {
    const output = lettersOf(right, hidden);
    if (new Set(output).size !== output.length) malformed(equation, 'the result names an axis twice');
    return { inputs, output };
  }
  const all = inputs.flat();
  const once = [...new Set(all)].filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter));
  const named = once.filter((letter) => !/\d/.test(letter)).sort();
  return { inputs, output: [...ellipsis(hidden), ...named] };
}

/** Letters that occur twice in one operand: the diagonal over both axes. */
function diagonal(b: Emitter, term: Term): Term {
  const { letters, value } = term;
  const second = letters.findIndex((letter, i) => letters.indexOf(letter) < i);
  if (second === -1) return term;
  const first = letters.indexOf(letters[second]);
  const { shape } = value.type;
  const place = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  const chosen = b.select(b.binary('eq', place(first), place(second)), value, b.full(value, 0));
  const summed = b.reduce('sum', chosen, [second]);
  return diagonal(b, { value: summed, letters: letters.filter((_, i) => i !== second) });
}

function checkExtents(equation: string, operands: readonly Value[], letters: readonly string[][]): void {
  const extents = new Map<string, Dim>();
  operands.forEach(({ type: { shape } }, i) =>
    letters[i].forEach((letter, axis) => {
      const extent = shape[axis];
      const own = shape[letters[i].indexOf(letter)];
      const known = extents.get(letter) ?? extent;
      if (own !== extent || (known !== extent && known !== 1 && extent !== 1))
        throw new HeddleError('SHAPE_MISMATCH', `two extents of ${letter}`, {
          found: `${String(own === extent ? known : own)} and ${String(extent)}`,
          where: equation,
        });
      extents.set(letter, known === 1 ? extent : known);
    }),
  );
}

function sumAway(b: Emitter, { value, letters }: Term, needed: readonly string[]): Term {
  const axes = letters.flatMap((letter, axis) => (needed.includes(letter) ? [] : [axis]));
  if (axes.length === 0) return { value, letters };
  return {
    value: b.reduce('sum', value, axes),
    letters: letters.filter((letter) => needed.includes(letter)),
  };
}

/** One dot over what both have: contracted where nothing later needs it, batch where something does. */
function contract(b: Emitter, x: Term, y: Term, needed: readonly string[]): Term {
  const shared = x.letters.filter((letter) => y.letters.includes(letter));
  const [left, right] = stretch(b, x, y, shared);
  const batch = shared.filter((letter) => needed.includes(letter));
  const sums = shared.filter((letter) => !needed.includes(letter));
  const axesIn = ({ letters }: Term, of: readonly string[]): number[] =>
    of.map((letter) => letters.indexOf(letter));
  const free = ({ letters }: Term): string[] => letters.filter((letter) => !shared.includes(letter));
  const value = b.emit('dot', [left.value, right.value], {
    lhsBatch: axesIn(left, batch),
    rhsBatch: axesIn(right, batch),
    lhsContract: axesIn(left, sums),
    rhsContract: axesIn(right, sums),
  });
  return { value, letters: [...batch, ...free(left), ...free(right)] };
}

/** Brings axes of extent 1 to the extents of the others. */
function stretch(b: Emitter, x: Term, y: Term, shared: readonly string[]): [Term, Term] {
  const extent = (term: Term, letter: string): Dim => term.value.type.shape[term.letters.indexOf(letter)];
  const uneven = shared.filter((letter) => extent(x, letter) !== extent(y, letter));
  if (uneven.length === 0) return [x, y];
  const grow = (term: Term, other: Term): Term => {
    const shape = term.letters.map((letter, axis) => {
      const own = term.value.type.shape[axis];
      return uneven.includes(letter) && own === 1 ? extent(other, letter) : own;
    });
    return { value: broadcastTo(b, term.value, shape), letters: term.letters };
  };
  return [grow(x, y), grow(y, x)];
}
