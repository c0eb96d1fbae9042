/** Models as trees of tensors. */
import { isFloat } from '../../base/dtype.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import type { Backend } from '../../tensor/backends/backend.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { TREE_NODE } from '../../tensor/trees/tree.js';
import { placesOf } from './places.js';
import { printModule } from './print.js';
import { leavesFrom, type LoadOptions, type State } from './state.js';

/**
 * A part of a model. A module is a tree of tensors: its fields, those of the modules in its fields, and so on, are its
 * parameters, so that jit, grad and optimisers take and return modules as they do any tree. Everything else in a field
 * (numbers, strings, functions) is structure, which a compiled program is compiled for.
 *
 *     class Perceptron extends nn.Module {
 *       readonly hidden: nn.Linear;
 *       readonly output: nn.Linear;
 *       constructor(key: Key) {
 *         super();
 *         const [first, second] = random.split(key);
 *         this.hidden = new nn.Linear(784, 128, { key: first });
 *         this.output = new nn.Linear(128, 10, { key: second });
 *       }
 *       call(x: Tensor): Tensor {
 *         return this.output.call(this.hidden.call(x).relu());
 *       }
 *     }
 *
 * Fields are ordinary properties: private ones (`#name`) are lost when a tree is rebuilt. A Map, a Set or an object of another
 * class with tensors in it is refused (USAGE) where the module is walked. Each tensor stands in one
 * place: one that is in two would be two parameters from the first step on.
 *
 * A module that calls several others with its context gives each a part of it, `nn.contextOf(context, i)`, if they draw
 * random numbers in training: from one key they would all draw the same. The layers of this library do so.
 */
export abstract class Module {
  /** Fields that hold tensors which are not trained, such as running statistics. Those of the super class stay. */
  static readonly buffers: readonly string[] = [];

  /** Keeps optimisers from changing what is in here. It changes nothing about the computation. */
  frozen = false;

  get [TREE_NODE](): true {
    return true;
  }

  /** The tensors, parameters and buffers, by their paths: `layers.0.weight`. */
  state(): Record<string, Tensor> {
    const { leaves, paths } = flattenTensors(this);
    return Object.fromEntries(leaves.map((leaf, i) => [paths[i], leaf]));
  }

  /**
   * Takes the tensors of `state` by name, in place of those that are there; on the backend on which those are. Nothing
   * changes where it throws.
   *
   * @throws TREE_MISMATCH where names are missing or unknown, with the name that was probably meant; SHAPE_MISMATCH and
   *   DTYPE_MISMATCH where a tensor is unlike the one in its place.
   */
  load(state: State, options: LoadOptions = {}): this {
    const leaves = leavesFrom(this.constructor.name, this, state, options);
    placesOf(this).forEach(({ put }, i) => put(leaves[i]));
    return this;
  }

  /** Moves all tensors to the memory of `backend`, where the model is computed from then on. Returns this. */
  to(backend: Backend): this {
    for (const { tensor, put } of placesOf(this)) put(tensor.to(backend));
    return this;
  }

  /** Gives up the memory of all tensors. */
  dispose(): void {
    for (const leaf of flattenTensors(this).leaves) leaf.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Number of elements of all parameters, frozen ones included; buffers and integers do not count. */
  get parameterCount(): number {
    const parameters = placesOf(this).filter(({ tensor, isBuffer }) => isFloat(tensor.dtype) && !isBuffer);
    return parameters.reduce((count, { tensor }) => count + tensor.size, 0);
  }

  /** The structure: a line for each module, indented as it is nested. */
  toString(): string {
    return printModule(this);
  }

  /** `console.log(model)` in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What stands in the parentheses when this is printed: `inFeatures=784, outFeatures=10`. */
  describe(): string {
    return '';
  }

  /** What is printed below this, by name. Modules among the fields, unless a class knows better. */
  children(): readonly (readonly [name: string, child: unknown])[] {
    return Object.entries(this);
  }
}
