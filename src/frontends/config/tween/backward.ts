/** From the gap at the output of a network to a target and a change for each of its layers. */
import { Linear } from '../../../learn/nn/linear.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { viewed, wireInput } from '../wire.js';
import type { Link } from './link.js';
import type { Settings } from './options.js';
import { BOUNDS, TYPE_RULES } from './tables.js';

/** What a layer is asked for. */
export interface Aim {
  readonly link: Link;
  /** What its output should have been, [B, ...]. */
  readonly target: Tensor;
  /** Along which its weights change, a tree like the layer, summed over the examples; undefined where nothing reaches it. */
  readonly along: Link['layer'] | undefined;
}

/** What a layer passes on: how far values should move, as tensors like its input and its output. */
interface Passed {
  readonly along: Link['layer'];
  /** To what the layer takes. */
  readonly inward: Tensor;
  /** To what is added to its output. */
  readonly beside: Tensor;
}

/** A way for targets to go back. */
interface Way {
  /** How much of what is wished for a target asks. */
  readonly part: number;
  readonly pass: (link: Link, wish: Tensor, target: Tensor, place: Place) => Passed;
}

interface Place {
  /** By which gradients grow. */
  readonly scale: number;
  /** What stands where the input of the layer comes from, after this run. */
  readonly present: Tensor;
}

/** How far a target is from what is there, for each step back along a derivative. */
const STEP = 0.1;
/** The greatest element of a gradient that goes back. */
const MOST = 10;
const LARGEST_FINITE = 3.4028234663852886e38;

/** The factor of the gradients of a layer that is `depth` layers from the output: `scale` to its power, from ten on as a logarithm. */
export function depthFactor(scale: number, depth: number): number {
  const steep = 10;
  const grown = scale ** Math.min(depth, steep);
  return Math.min(100, depth <= steep ? grown : grown * (1 + Math.log(depth - steep + 1)));
}

const finite = (x: Tensor): Tensor => x.abs().lessEqual(LARGEST_FINITE).where(x, 0);

/** Features of an output: channels of a convolution, else the last axis. */
function featuresOf({ raw, wire: { type } }: Link): number {
  return raw.shape[type === 'conv1d' || type === 'conv2d' ? 1 : raw.rank - 1];
}

/** A gradient by the input, divided by the root of the number of outputs that each input goes into. */
const spread = (link: Link, back: Tensor): Tensor =>
  finite(TYPE_RULES[link.wire.type].spreads ? back.div(Math.sqrt(featuresOf(link))) : back);

/**
 * By derivatives: the gap goes back as a gradient does, but is scaled by depth and kept within bounds in each layer. Weights change
 * along it.
 */
const CHAIN: Way = {
  part: STEP,
  pass: (link, wish, _, { scale }) => {
    const local = link.throughActivation(wish).mul(scale).clip(-MOST, MOST);
    const [along, back] = link.throughLayer(local);
    return { along, inward: spread(link, back), beside: wish };
  },
};

/**
 * Through the weights themselves: what a dense layer wants of an input is the mean of what its outputs want, weighted with their
 * weights; other layers want a step along their derivative. Weights change by Hebb's rule, input times gap.
 */
const LEGACY: Way = {
  part: 1,
  pass: (link, _, target, { present }) => {
    const gap = target.sub(link.output);
    const [along, back] = link.throughLayer(viewed(gap, link.raw.shape.slice(1)));
    const { layer, raw } = link;
    const inward =
      layer instanceof Linear
        ? viewed(target, raw.shape.slice(1)).matmul(layer.weight).div(layer.weight.abs().sum({ axis: 0 })).sub(present) // prettier-ignore
        : spread(link, back).mul(STEP);
    return { along, inward: finite(inward), beside: gap };
  },
};

const WAYS: Readonly<Record<Settings['mode'], Way>> = { chain: CHAIN, legacy: LEGACY };

/** What every layer is asked for, in order, where the output of the last one should move by `gap`. `x` is the input. */
export function aimsOf(
  links: readonly Link[],
  x: Tensor,
  gap: Tensor,
  { mode, depthScale }: Settings,
): Aim[] {
  const way = WAYS[mode];
  const present = [x, ...links.map(({ output }) => output)];
  const wishes: (Tensor | undefined)[] = [];
  const add = (value: number, wish: Tensor): void => {
    if (value === 0) return;
    const own = viewed(wish, present[value].shape.slice(1));
    wishes[value] = wishes[value]?.add(own) ?? own;
  };
  add(links.length, gap);
  const aims: Aim[] = [];
  for (let i = links.length - 1; i >= 0; i--) {
    const link = links[i];
    const wish = wishes[i + 1];
    if (wish === undefined) {
      aims.unshift({ link, target: link.output, along: undefined });
      continue;
    }
    const isLast = i === links.length - 1;
    const [least, most] = BOUNDS[link.wire.activation.name];
    const target = isLast ? link.output.add(wish) : link.output.add(wish.mul(way.part)).clip(least, most);
    const { along, inward, beside } = way.pass(link, wish, target, {
      scale: depthFactor(depthScale, links.length - 1 - i),
      present: wireInput(link.wire, present),
    });
    aims.unshift({ link, target, along });
    // Numbers of rows have no gradient, and an embedding that takes them needs to pass none on.
    if (link.input.dtype === 'f32')
      for (const value of [link.wire.source, ...link.wire.before]) add(value, inward);
    for (const value of link.wire.after) add(value, beside);
  }
  return aims;
}
