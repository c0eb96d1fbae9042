/** From a fused group to its kernel: the template is chosen by what the group has at its heart. */
import { fault } from '../../base/errors.js';
import { isConv, isDot, isSplit, type ConvOp, type DotOp } from '../../ir/contraction.js';
import { isFloat } from '../../base/dtype.js';
import { REDUCE_CHUNK } from '../../ir/accumulation.js';
import { convAxes, coversAll, isContiguous } from '../../ir/coverage.js';
import type { Dim, DimBindings } from '../../ir/dim.js';
import { isLess } from '../../ir/dim-proofs.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import type { Space, Work } from '../../passes/fusion/group.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../../passes/target.js';
import type { LoweredKernel } from '../kernel/body.js';
import { lowerArgsort } from './argsort.js';
import { lowerCell } from './cell.js';
import { KernelContext } from './context.js';
import { convContraction, convPanels } from './conv.js';
import { lowerContraction } from './contract.js';
import { dotContraction, dotPanels } from './dot.js';
import { lowerFlat } from './flat.js';
import { lowerPanels, type PanelWork } from './panels.js';
import { lowerRows } from './row.js';
import { lowerScan } from './scan.js';
import type { KernelSpec } from './spec.js';
import { lowerTrips } from './trips.js';

/** The kernel of `spec`. `likely`: sizes for which it is shaped where its own have symbols. */
export function lowerKernel(spec: KernelSpec, target: Target, likely: DimBindings = {}): LoweredKernel {
  const { graph, members } = spec.form;
  const chosen = chooseTemplate(graph, spec.form);
  const isContraction = chosen.template === 'dot' || chosen.template === 'conv';
  const k = new KernelContext(spec, target, isContraction && target.maxParams > 0, likely);
  switch (chosen.template) {
    case 'rows':
      if (isLess(REDUCE_CHUNK, chosen.space.cols) && members.some((id) => dependsOnOrder(graph.nodes[id])))
        fault('a reduction of several chunks was not split before fusion');
      return lowerRows(k, chosen.space);
    case 'dot':
    case 'conv': {
      const work = target.lanesInStep === 1 ? undefined : panelsOf(k, chosen.node);
      if (work !== undefined) return lowerPanels(k, chosen.id, work);
      const { node } = chosen;
      const contraction = isDot(node) ? dotContraction(k, node) : convContraction(k, node);
      return lowerContraction(k, chosen.id, contraction, isSplit(node.op));
    }
    case 'cell':
      if (spec.trips === undefined) fault('a cell without a loop around it');
      return lowerCell(k, chosen.space, spec.trips);
    case 'scan':
      return lowerScan(k, chosen.id, chosen.node);
    case 'argsort':
      return lowerArgsort(k, chosen.id, chosen.node);
    case 'flat':
      return spec.trips === undefined
        ? lowerFlat(k, chosen.space)
        : lowerTrips(k, staticShape([chosen.space.count])[0], spec.trips);
  }
}

/** A contraction as panels, where it is one; a split one is summed in another kernel. */
function panelsOf(k: KernelContext, node: Node<DotOp | ConvOp>): PanelWork | undefined {
  if (node.op === 'dot') return dotPanels(k, node);
  return node.op === 'conv' ? convPanels(k, node) : undefined;
}

/** What one kernel works on. */
type KernelSpace = Exclude<Space<Dim>, { kind: 'loop' }>;

/** A template, with what it is built around. */
type Chosen =
  | {
      readonly [K in KernelSpace['kind']]: { readonly template: K; readonly space: Space<Dim> & { kind: K } };
    }[KernelSpace['kind']]
  | {
      readonly [K in Anchor]: {
        readonly template: K;
        readonly id: ValueId;
        readonly node: Node<AnchorOps[K]>;
      };
    }[Anchor];
interface AnchorOps {
  dot: DotOp;
  conv: ConvOp;
  scan: 'scan';
  argsort: 'argsort';
}
type Anchor = keyof AnchorOps;

/** The kernel templates: each has to have its graphs in src/device/templates, which the probe of a device runs. */
export type KernelTemplate = Chosen['template'];
export const KERNEL_TEMPLATES = Object.keys({
  flat: true,
  rows: true,
  cell: true,
  dot: true,
  conv: true,
  scan: true,
  argsort: true,
} satisfies Record<KernelTemplate, true>) as readonly KernelTemplate[];

/** The template that the kernel for some work in `graph` is made from. */
export function chooseTemplate(graph: Graph, { space, anchor: id }: Work<Dim>): Chosen {
  if (space.kind === 'loop') fault('a loop is not a kernel');
  if (space.kind === 'rows') return { template: 'rows', space };
  if (space.kind === 'cell') return { template: 'cell', space };
  if (id !== undefined) {
    const node = graph.nodes[id];
    if (isDot(node)) return { template: 'dot', id, node };
    if (isConv(node) && isTileable(graph, node)) return { template: 'conv', id, node };
    if (node.op === 'scan') return { template: 'scan', id, node };
    if (node.op === 'argsort') return { template: 'argsort', id, node };
  }
  return { template: 'flat', space };
}

/** Whether every tap is a term, and the results without any are found by their coordinates: see `Contraction.covered`. */
function isTileable(graph: Graph, { op, attrs, inputs, type }: Node<ConvOp>): boolean {
  const [x, w] = inputs.map((id) => staticShape(graph.nodes[id].type.shape));
  const axes = convAxes(attrs, x, w, staticShape(type.shape).slice(2 - x.length));
  if (axes.some(({ spacing }) => spacing !== 1)) return false;
  return isSplit(op) || axes.every(isContiguous) || axes.every(coversAll);
}

/** Whether a reduction has other bits in another order. */
const dependsOnOrder = (node: Node): boolean =>
  node.op === 'reduce' &&
  isFloat(node.type.dtype) &&
  (node.attrs.kind === 'sum' || node.attrs.kind === 'prod');
