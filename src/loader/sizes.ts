/** Which plan of a bundle fits the shapes of given inputs. */
import { HeddleError } from '../base/errors.js';
import { isAnyNumber, isListOf } from '../base/values.js';
import type { PlanSize, SizedInput, SizedPlans } from '../plan/sizes.js';

/** What has a shape, by the names of the inputs. */
export type Shaped = Readonly<Record<string, { readonly shape: readonly number[] } | undefined>>;

/** The shapes of the inputs of a size. */
export function extentsOf(
  inputs: readonly SizedInput[],
  { extents }: PlanSize,
): readonly (readonly number[])[] {
  let end = 0;
  return inputs.map(({ axes }) => extents.slice(end, (end += axes.length)));
}

/**
 * The size whose inputs have the shapes of `given`. Throws INPUT_MISSING, and INPUT_SHAPE where a shape has another rank, or the
 * bundle was not compiled for an extent beside those of the axes before it.
 */
export function sizeFor({ inputs, sizes }: SizedPlans, given: Shaped): PlanSize {
  let left = sizes;
  let place = 0;
  for (const input of inputs) {
    const where = `input ${JSON.stringify(input.name)}`;
    const expected = `${input.dtype}[${input.axes.join()}]`;
    const tensor = Object.hasOwn(Object(given) as Shaped, input.name) ? given[input.name] : undefined;
    if (tensor === undefined)
      throw new HeddleError('INPUT_MISSING', 'an input was not given', { where, expected });
    const { shape } = Object(tensor) as { readonly shape: unknown };
    if (!isListOf(shape, isAnyNumber) || shape.length !== input.axes.length)
      throw new HeddleError('INPUT_SHAPE', 'the input has the wrong number of axes', {
        where,
        found: isListOf(shape, isAnyNumber) ? `[${shape.join()}]` : 'no shape',
        expected,
      });
    for (const [axis, extent] of shape.entries()) {
      const at = place++;
      const fitting = left.filter(({ extents }) => extents[at] === extent);
      if (fitting.length === 0)
        throw new HeddleError('INPUT_SHAPE', 'the bundle was not compiled for this size', {
          where: `${where}, axis ${axis}`,
          found: `${input.axes[axis]} = ${extent}`,
          expected: listed([...new Set(left.map(({ extents }) => extents[at]))]),
        });
      left = fitting;
    }
  }
  return left[0];
}

/** The first of some numbers, and the last. */
const listed = (numbers: readonly number[]): string =>
  numbers.length <= 8 ? numbers.join(', ') : `${numbers.slice(0, 6).join(', ')}, ... ${numbers.at(-1)}`;
