/** AdamW (Loshchilov and Hutter, 2019), in doubles on the host. */
import type { TrainingState } from './checkpoint.js';

/** Without decay of weights. Powers of the rates are products, so that no machine has others. */
export class AdamW {
  readonly first: readonly Float64Array[];
  readonly second: readonly Float64Array[];
  private powers: readonly [number, number] = [1, 1];

  /** `after`: goes on with the moments of a training, whose parameters are in `parameters`. */
  constructor(
    private readonly parameters: readonly Float32Array[],
    private readonly rate: number,
    after?: TrainingState,
  ) {
    const zeros = (): readonly Float64Array[] => parameters.map(({ length }) => new Float64Array(length));
    this.first = after?.first ?? zeros();
    this.second = after?.second ?? zeros();
    for (let step = 0; step < (after?.losses.length ?? 0); step++) this.advance();
  }

  private advance(): void {
    this.powers = [this.powers[0] * BETA1, this.powers[1] * BETA2];
  }

  update(gradients: readonly Float32Array[]): void {
    this.advance();
    const [bias1, bias2] = this.powers.map((power) => 1 - power);
    this.parameters.forEach((values, at) => {
      const [gradient, m, v] = [gradients[at], this.first[at], this.second[at]];
      for (let i = 0; i < values.length; i++) {
        m[i] = BETA1 * m[i] + (1 - BETA1) * gradient[i];
        v[i] = BETA2 * v[i] + (1 - BETA2) * gradient[i] * gradient[i];
        values[i] -= (this.rate * (m[i] / bias1)) / (Math.sqrt(v[i] / bias2) + EPSILON);
      }
    });
  }
}

const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];
