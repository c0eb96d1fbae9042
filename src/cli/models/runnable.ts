/** A program compiled for a kind of device: what models that are no bundles run as. */
import { prepare } from '../../compile.js';
import type { Program } from '../../ir/graph.js';
import { weightsOf } from '../../ir/weights.js';
import { TARGETS, type TargetName } from '../terminal/targets.js';
import type { Runnable } from './model.js';

export function compiledFor(program: Program, target: TargetName): Runnable {
  const prepared = prepare(program, { target: TARGETS[target] });
  const { plan, module } = prepared.planned;
  return {
    plan,
    module: module?.bytes,
    weights: weightsOf(prepared.program),
    prepared,
    target,
    fits: (other) => other === target,
  };
}
