/** Where the interpreter finds params and weights. */
import type { TensorData } from '../base/tensor.js';
import type { Program } from '../ir/graph.js';
import { weightsOf } from '../ir/weights.js';
import { toLanes } from './lanes.js';
import type { Sources } from './rule.js';

export type Inputs = Readonly<Record<string, TensorData>>;

/** Params from `inputs`, which have been checked, and weights from the program. */
export function sourcesOf(program: Program, inputs: Inputs): Sources {
  const weightOf = weightsOf(program);
  return {
    param: (name) => toLanes(inputs[name]),
    weight: (id) => toLanes(weightOf(id)),
  };
}
