/** Bounds on what a config may ask for, so that a small file ends in an error before it takes memory or time. */
import { HeddleError } from '../../base/errors.js';
import { elementCount } from '../../base/tensor.js';
import { MAX_RANK } from '../../ir/infer-checks.js';
import { checkRounds } from '../../tensor/transforms/loops.js';

/** JSON of a config: lists and objects in each other, two for each layer in a layer, and values in all of them. */
export const CONFIG_NESTING = { levels: 256, values: 2 ** 22 } as const;

/** What to do about a config that nests deeper. */
export const NESTING_HINT = 'layers can follow each other in one list; the limit is fixed';

/** Throws LIMIT_EXCEEDED where examples have so many axes that a batch of them has more than a tensor may have. */
export function checkAxes(input: readonly number[]): void {
  if (input.length < MAX_RANK) return;
  throw new HeddleError('LIMIT_EXCEEDED', 'an example has too many axes', {
    where: '$.input',
    found: `${input.length} axes`,
    expected: `at most ${MAX_RANK - 1}`,
    hint: 'axes of extent 1 can be left out; the limit is fixed',
  });
}

/** Weights of all layers together, unless `maxWeights` says otherwise: seconds, where each is drawn from a distribution. */
export const MAX_WEIGHTS = 2 ** 24;

/** What whoever builds a network allows it, whatever its config says. */
export interface Limits {
  /** Weights of all layers together. Default: 2^24. */
  readonly maxWeights?: number | undefined;
  /** Steps of all recurrent layers together. Default: no limit but that of each layer, which is 2^20. */
  readonly maxSteps?: number | undefined;
}

const raised = (option: string, flag: string): string =>
  `fromConfig(json, { ${option} }) allows more, and so does ${flag} on the command line`;

/** The weights and the steps that a network has. It has a state, so it belongs to one network. */
export class Budget {
  private weights = 0;
  private steps = 0;

  constructor(private readonly limits: Limits) {}

  /** Throws LIMIT_EXCEEDED where the layer at `path` has more than is left; nothing has been made by then. */
  take(path: string, ...shapes: readonly (readonly number[])[]): void {
    const count = shapes.reduce((sum, shape) => sum + elementCount(shape), 0);
    const { maxWeights = MAX_WEIGHTS } = this.limits;
    this.weights += count;
    if (this.weights <= maxWeights) return;
    throw new HeddleError('LIMIT_EXCEEDED', 'the layers have too many weights', {
      where: path,
      found: `${count} weights in this layer, ${this.weights} up to here`,
      expected: `at most ${maxWeights}`,
      hint: raised('maxWeights', '--max-weights'),
    });
  }

  /** Throws LIMIT_EXCEEDED where the layer at `path` has more steps than it may, or than are left. */
  takeSteps(path: string, count: number): void {
    const { maxSteps = Infinity } = this.limits;
    const hint = raised('maxSteps', '--max-steps');
    checkRounds(count, maxSteps, hint, path);
    this.steps += count;
    if (this.steps <= maxSteps) return;
    throw new HeddleError('LIMIT_EXCEEDED', 'the recurrent layers have too many steps', {
      where: path,
      found: `${count} steps in this layer, ${this.steps} up to here`,
      expected: `at most ${maxSteps}`,
      hint,
    });
  }
}
