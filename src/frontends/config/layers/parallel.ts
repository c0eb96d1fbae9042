/** Layers side by side. */
import { elementCount } from '../../../base/tensor.js';
import { contextOf, type CallContext, type Layer } from '../../../learn/nn/context.js';
import { Module } from '../../../learn/nn/module.js';
import { inside } from '../../../learn/nn/sequential.js';
import type { Tensor } from '../../../tensor/tensors/tensor.js';
import { designBranch, type Branch } from '../branch.js';
import { COMBINE, modeOf, type Combination, type Mode } from '../combine.js';
import { given, printShape, type Blueprint, type Scope, type Shape } from '../scope.js';
import type { ParallelConfig } from '../types.js';
import { refuse } from '../validate.js';
import { runWire, type Wire } from '../wire.js';
import { designSoftmax, type Softmax } from './softmax.js';

/** [B, ...] -> [B, ...]: all branches on the one input, and their outputs put together. */
export class Parallel extends Module {
  readonly branches: readonly (Module & Layer)[];
  readonly wires: readonly Wire[];
  readonly gate: (Module & Layer) | undefined;
  readonly gateWire: Wire | undefined;

  constructor(
    branches: readonly Branch[],
    gate: Branch | undefined,
    /** Makes weights of the branches out of what the gate says. */
    readonly weighting: Softmax | undefined,
    readonly combination: Combination,
  ) {
    super();
    this.branches = branches.map(({ make }) => make());
    this.wires = branches.map(({ wire }) => wire);
    this.gate = gate?.make();
    this.gateWire = gate?.wire;
  }

  call(x: Tensor, context: CallContext = {}): Tensor {
    const outputs = this.branches.map((branch, i) =>
      inside(`branches.${i}`, () => runWire(branch, this.wires[i], [x], contextOf(context, i))),
    );
    return COMBINE[this.combination.mode](outputs, this.combination, this.weights(x, context));
  }

  /** [B, branches], or undefined where all branches count the same. */
  private weights(x: Tensor, context: CallContext): Tensor | undefined {
    const { gate, gateWire, weighting, branches } = this;
    if (gate === undefined || gateWire === undefined || weighting === undefined) return undefined;
    const logits = inside('gate', () => runWire(gate, gateWire, [x], contextOf(context, branches.length)));
    return weighting.call(
      logits.reshape([x.shape[0], branches.length]),
      contextOf(context, branches.length + 1),
    );
  }

  override describe(): string {
    return this.combination.mode;
  }
}

export function parallel(config: ParallelConfig, scope: Scope): Blueprint {
  const { branches, filter_gate, filter_softmax, filter_temperature, filter_entmax_mode } = config;
  if (branches.length === 0)
    refuse('a parallel layer has branches', {
      path: `${scope.path}.branches`,
      found: 'an empty list',
      expected: 'at least one layer',
    });
  const mode = modeOf(config.combine_mode);
  const built = branches.map((branch, i) => designBranch(branch, `branches[${i}]`, i, scope));
  const gate =
    mode === 'filter' && filter_gate !== undefined
      ? designBranch(filter_gate, 'filter_gate', branches.length, scope)
      : undefined;
  if (gate !== undefined && elementCount(gate.output) !== branches.length)
    refuse('the gate gives another number of logits', {
      path: `${scope.path}.filter_gate`,
      found: printShape(gate.output),
      expected: `${branches.length}, one for each branch`,
    });
  const order = mode === 'grid_scatter' ? scatterOrder(config, scope.path) : Array.from(branches.keys());
  const shape = shapeOf(mode, built.map(({ output }) => output), scope); // prettier-ignore
  const weighting =
    gate &&
    designSoftmax(
      {
        type: 'softmax',
        softmax_variant: filter_softmax ?? 'standard',
        temperature: filter_temperature ?? 1,
        entmax_mode: filter_entmax_mode ?? 'exact',
      },
      { ...scope, path: `${scope.path}.filter_softmax`, input: [branches.length] },
    ).make();
  return {
    make: () => new Parallel(built, gate, weighting, { mode, shape, order }),
    view: scope.input,
    output: shape,
  };
}

function shapeOf(mode: Mode, outputs: readonly Shape[], scope: Scope): Shape {
  const sizes = outputs.map(elementCount);
  if (mode === 'filter') {
    const widest = sizes.reduce((most, size) => Math.max(most, size));
    return sizes.every((size) => size === sizes[0]) ? outputs[0] : [widest];
  }
  if (mode === 'concat' || mode === 'concat_batches' || mode === 'grid_scatter') {
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const [first] = outputs;
    const rest = first.slice(1);
    // Channels beside channels, where all else agrees: the elements lie the same way.
    const stacks = rest.length > 0 && outputs.every((shape) => `${shape.slice(1)}` === `${rest}`);
    return stacks ? [total / elementCount(rest), ...rest] : [total];
  }
  const other = sizes.findIndex((size) => size !== sizes[0]);
  if (other > 0)
    refuse(`combine_mode ${mode} takes branches of one size`, {
      path: `${scope.path}.branches[${other}]`,
      found: `${sizes[other]} values`,
      expected: `${sizes[0]}, as the first branch has`,
    });
  return outputs[0];
}

/** The branches in the order of their cells. Cells without a branch take no room. */
function scatterOrder(config: ParallelConfig, path: string): number[] {
  const { branches, grid_positions: positions = [] } = config;
  const rows = given(config.grid_output_rows) ?? Infinity;
  const columns = given(config.grid_output_cols) ?? Infinity;
  const layers = given(config.grid_output_layers) ?? 1;
  if (positions.length !== branches.length)
    refuse('each branch has one place in the grid', {
      path: `${path}.grid_positions`,
      found: `${positions.length} places`,
      expected: `${branches.length}, one for each branch`,
    });
  const cells = positions.map(({ branch_index, target_row, target_col, target_layer = 0 }, i) => {
    const at = `${path}.grid_positions[${i}]`;
    if (
      positions.findIndex((other) => other.branch_index === branch_index) !== i ||
      branch_index >= branches.length
    )
      refuse('each branch has one place in the grid', {
        path: `${at}.branch_index`,
        found: `${branch_index}${branch_index < branches.length ? ' for the second time' : ''}`,
        expected: `each of 0 to ${branches.length - 1} once`,
      });
    for (const [name, place, extent] of [
      ['target_row', target_row, rows],
      ['target_col', target_col, columns],
      ['target_layer', target_layer, layers],
    ] as const)
      if (place >= extent)
        refuse('the place is outside of the grid', {
          path: `${at}.${name}`,
          found: `${place}`,
          expected: `less than ${extent}`,
        });
    return { branch: branch_index, cell: [target_row, target_col, target_layer] as const, at };
  });
  cells.forEach(({ cell, at }, i) => {
    if (cells.findIndex((other) => `${other.cell}` === `${cell}`) !== i)
      refuse('two branches have one place', {
        path: at,
        found: `[${cell.join(', ')}]`,
        expected: 'another place',
      });
  });
  const byCell = [...cells].sort(({ cell: a }, { cell: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  return byCell.map(({ branch }) => branch);
}
