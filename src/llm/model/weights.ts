/** Weights as params of programs: what a program declares, and what is given to it when it runs, in one order. */
import { matmulRows } from './rows.js';
import type { TensorData } from '../../base/tensor.js';
import { elementCount } from '../../base/tensor.js';
import { sliceAxis } from '../../compose/movement.js';
import type { GraphBuilder } from '../../ir/builder.js';
import type { Value } from '../../ir/emitter.js';
import { bandedShape, uprightView } from '../quants/layout.js';
import type { PackedForm } from '../quants/forms/form.js';
import { packedForm, packedPlanes } from '../quants/packed.js';
import type { StoredWeight, StoredWeights } from './stored.js';

/** A weight on devices: rows of columns, in the planes of its form. */
export interface WeightSpec {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** As in the file: rows are all axes but the last. */
  readonly shape: readonly number[];
  readonly form: PackedForm;
  readonly stored: StoredWeight;
}

export const specOf = (name: string, stored: StoredWeight): WeightSpec => {
  const columns = stored.shape.at(-1) ?? 1;
  return {
    name,
    columns,
    rows: elementCount(stored.shape) / columns,
    shape: stored.shape,
    form: packedForm(stored.type, columns),
    stored,
  };
};

/** All weights in the order in which programs take them. */
export const specsOf = (weights: StoredWeights): readonly WeightSpec[] =>
  Array.from(weights, ([name, stored]) => specOf(name, stored));

/** The planes of a weight, for a device. */
export const planesOf = async ({ stored, columns }: WeightSpec): Promise<readonly TensorData[]> =>
  packedPlanes(stored.type, await stored.read(), columns);

/** The weights of a graph under construction. */
export class WeightParams {
  private readonly planes = new Map<string, { readonly spec: WeightSpec; readonly values: readonly Value[] }>(); // prettier-ignore

  /** `changed`: what is added to some of the matrices, by their names. */
  constructor(
    private readonly b: GraphBuilder,
    specs: readonly WeightSpec[],
    private readonly changed: ReadonlyMap<string, Value> = new Map(),
  ) {
    for (const spec of specs) {
      const values = spec.form.planes.map(({ name, dtype, weights }) =>
        uprightView(
          b,
          b.param(`${spec.name}.${name}`, dtype, bandedShape(spec.rows, spec.columns / weights)),
        ),
      );
      this.planes.set(spec.name, { spec, values });
    }
  }

  has(name: string): boolean {
    return this.planes.has(name);
  }

  private entry(name: string): { readonly spec: WeightSpec; readonly values: readonly Value[] } {
    const entry = this.planes.get(name);
    if (entry === undefined) throw new RangeError(name);
    return entry;
  }

  /** f32 [columns, rows] */
  matrix(name: string): Value {
    const { spec, values } = this.entry(name);
    const own = spec.form.unpack(this.b, values);
    const change = this.changed.get(name);
    return change === undefined ? own : this.b.binary('add', own, change);
  }

  /** f32 [columns], of a weight with one row. */
  vector(name: string): Value {
    const { spec } = this.entry(name);
    return this.b.reshape(this.matrix(name), [spec.rows * spec.columns]);
  }

  optionalVector(name: string): Value | undefined {
    return this.has(name) ? this.vector(name) : undefined;
  }

  /** f32 [n, columns]: the rows of numbers i32 [n]. */
  rows(name: string, numbers: Value): Value {
    const { spec, values } = this.entry(name);
    const picked = values.map((plane) => this.b.emit('gather', [plane, numbers], { axis: 1 }));
    return this.b.permute(spec.form.unpack(this.b, picked), [1, 0]);
  }

  /** f32 [columns, rows / parts]: part `i` of the rows, of `parts` that are all as large. */
  part(name: string, i: number, parts: number): Value {
    const { spec, values } = this.entry(name);
    const rows = spec.rows / parts;
    const own = values.map((plane) => sliceAxis(this.b, plane, 1, i * rows, rows));
    return spec.form.unpack(this.b, own);
  }

  /** x [n, columns] times the rows of the weight, and its bias where it has one: [n, rows] */
  linear(name: string, x: Value): Value {
    return matmulRows(this.b, x, this.matrix(`${name}.weight`), this.optionalVector(`${name}.bias`));
  }
}
