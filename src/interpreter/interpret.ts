import { checkInputs } from '../base/check-tensors.js';
import { func, oneOf } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import type { TensorData } from '../base/tensor.js';
import { inputSpecs, liveUses, type Program, type ValueId } from '../ir/graph.js';
import { checkedFor } from '../ir/sizes.js';
import { checkWeights } from '../ir/weights.js';
import type { SubnormalMode } from '../numerics/subnormals.js';
import { evaluateOperand } from './evaluate.js';
import { sourcesOf, type Inputs } from './inputs.js';
import { toTensorData, type Operand } from './lanes.js';
import { checkMemory } from './memory.js';

export interface InterpretOptions {
  /** How the device to be imitated treats subnormals. Default: 'preserve'. */
  readonly subnormals?: SubnormalMode;
  /**
   * Called with every value as it is computed, in topological order, and with the number of its operations that may
   * depend on the subnormal mode. The value may share memory with inputs, weights and other values: it may be kept, but
   * not written to. Values that no output needs are not computed.
   */
  readonly onValue?: (id: ValueId, value: TensorData, subnormals: number) => void;
  /** Called after every value with the number of values done, and of all that have to be computed. */
  readonly progress?: (done: number, total: number) => void;
}

const OPTIONS: OptionTable<InterpretOptions> = {
  subnormals: oneOf('preserve', 'flush'),
  onValue: func,
  progress: func,
};

export interface Interpretation {
  /** By output name; fresh memory. */
  readonly outputs: Readonly<Record<string, TensorData>>;
  /**
   * Number of f32 operations with a subnormal operand or result. 0 certifies that the outputs have the same bits on
   * devices that flush subnormals and on devices that keep them.
   */
  readonly subnormals: number;
}

/**
 * Runs a program on the CPU: the definition of what every device has to compute, bit for bit. Free dimensions have the sizes
 * of the inputs; `onValue` then speaks of the graph of these sizes.
 *
 * Throws INPUT_UNKNOWN, INPUT_MISSING, INPUT_DTYPE or INPUT_SHAPE where `inputs` are not what the graph declares or disagree
 * about a dimension, DIM_UNBOUND where no input has one, LIMIT_EXCEEDED where the values would take more than 16 GiB, and WEIGHT_MISSING or WEIGHT_INVALID where a weight is not what the
 * graph says.
 */
export function interpret(given: Program, inputs: Inputs, options: InterpretOptions = {}): Interpretation {
  const program = checkedFor('interpret', given, inputs);
  const { graph } = program;
  const { subnormals: mode = 'preserve', onValue, progress } = checkedOptions(options, OPTIONS, 'interpret');
  checkInputs(inputSpecs(graph), inputs);
  checkWeights(program);
  const uses = liveUses(graph);
  checkMemory(graph, uses);
  const sources = sourcesOf(program, inputs);
  const total = uses.filter((count) => count > 0).length;
  const values = new Map<ValueId, Operand>();
  let [subnormals, done] = [0, 0];

  graph.nodes.forEach((node, id) => {
    if (uses[id] === 0) return;
    const operands = node.inputs.map((input) => values.get(input)!);
    const result = evaluateOperand(node, operands, mode, sources);
    values.set(id, result.value);
    subnormals += result.subnormals;
    onValue?.(id, toTensorData(result.value), result.subnormals);
    progress?.(++done, total);
    for (const input of node.inputs) if (--uses[input] === 0) values.delete(input);
  });

  const outputs = graph.outputs.map(({ name, value }) => [name, copyOf(values.get(value)!)] as const);
  return { outputs: Object.fromEntries(outputs), subnormals };
}

const copyOf = (value: Operand): TensorData =>
  toTensorData({ ...value, shape: [...value.shape], lanes: value.lanes.slice() });
