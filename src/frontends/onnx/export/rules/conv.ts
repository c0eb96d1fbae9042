/** Convolutions. */
import { isFloat } from '../../../../base/dtype.js';
import { dimFloorDiv, dimMul, isStatic } from '../../../../ir/dim.js';
import type { Ref } from '../builder.js';
import type { ExportRule, Operand, Site } from '../rule.js';
import { filled } from '../scalar.js';
import { padded, reversed } from './movement.js';

type ConvSite = Site<'conv'>;

const isNone = (list: readonly number[], none: number): boolean => list.every((value) => value === none);

export const conv: ExportRule<'conv'> = (call) => {
  const { inputs: [x], g, type } = call; // prettier-ignore
  if (!isFloat(type.dtype))
    throw call.unsupported('ONNX has no convolution of integers of 32 bits', {
      found: `conv of ${type.dtype}`,
      hint: 'keep the model from which the program was imported',
    });
  // Sums of nothing.
  if (x.type.shape.includes(0)) return filled(g, type.dtype, 0);
  return convolution(call);
};

/** With a bias for each channel, if there is one. */
export function convolution(site: ConvSite, bias?: Operand): Ref {
  const { g, inputs: [x, w], attrs } = site; // prettier-ignore
  if (isNone(attrs.lhsDilation, 1)) return plain(site, x.full(), true, bias);
  const cuts = transposedPads(site);
  if (cuts !== undefined) return transposed(site, cuts, bias);
  // Holes become zeros, which count: the result differs where a weight is not finite.
  const padding = {
    low: [0, 0, ...attrs.padLow],
    high: [0, 0, ...attrs.padHigh],
    interior: [0, 0, ...attrs.lhsDilation.map((factor) => factor - 1)],
  };
  const spread = padded(g, x.full(), x.type.shape, padding, g.scalar(w.full().dtype, 0));
  return plain(site, spread, false, bias);
}

const optional = (bias: Operand | undefined): Ref[] => (bias === undefined ? [] : [bias.full()]);

/** A convolution of images without holes; the pads are those of the op, or none. */
function plain({ g, inputs, attrs }: ConvSite, x: Ref, withPads: boolean, bias?: Operand): Ref {
  const pads = [...attrs.padLow, ...attrs.padHigh];
  return g.like('Conv', [x, inputs[1].full(), ...optional(bias)], {
    ...(attrs.groups === 1 ? {} : { group: attrs.groups }),
    ...(isNone(attrs.strides, 1) ? {} : { strides: attrs.strides }),
    ...(isNone(attrs.rhsDilation, 1) ? {} : { dilations: attrs.rhsDilation }),
    ...(!withPads || isNone(pads, 0) ? {} : { pads }),
  });
}

/** Holes between elements are what the strides of a transposed convolution make, which cuts where this one pads. */
function transposedPads({ inputs: [, w], attrs }: ConvSite): readonly number[] | undefined {
  const kernel = w.type.shape.slice(2);
  if (!isNone(attrs.strides, 1) || !kernel.every(isStatic)) return undefined;
  const reach = kernel.map((size, i) => (size - 1) * attrs.rhsDilation[i]);
  const cuts = [
    ...attrs.padLow.map((amount, i) => reach[i] - amount),
    ...attrs.padHigh.map((amount, i) => reach[i] - amount),
  ];
  return cuts.every((amount) => amount >= 0) ? cuts : undefined;
}

function transposed({ g, inputs: [x, w], attrs }: ConvSite, pads: readonly number[], bias?: Operand): Ref {
  const { groups } = attrs;
  const [outputs, channels, ...kernel] = w.type.shape;
  const axes = kernel.map((_, i) => i);
  // [O, C/g, ...] -> [C, O/g, ...], each kernel reversed.
  const perGroup = dimFloorDiv(outputs, groups);
  const split = g.reshape(w.full(), w.type.shape, [groups, perGroup, channels, ...kernel]);
  const swapped =
    groups === 1
      ? g.transpose(w.full(), [1, 0, ...axes.map((axis) => axis + 2)])
      : g.reshape(
          g.transpose(split, [0, 2, 1, ...axes.map((axis) => axis + 3)]),
          [groups, channels, perGroup, ...kernel],
          [dimMul(channels, groups), perGroup, ...kernel],
        );
  const flipped = reversed(
    g,
    swapped,
    axes.filter((axis) => kernel[axis] !== 1).map((axis) => axis + 2),
  );
  return g.like('ConvTranspose', [x.full(), flipped, ...optional(bias)], {
    ...(groups === 1 ? {} : { group: groups }),
    strides: attrs.lhsDilation,
    ...(isNone(attrs.rhsDilation, 1) ? {} : { dilations: attrs.rhsDilation }),
    ...(isNone(pads, 0) ? {} : { pads }),
  });
}
