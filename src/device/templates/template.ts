/** What a template is: a small graph with operands. */
import type { DType } from '../../base/dtype.js';
import type { TensorData } from '../../base/tensor.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Program } from '../../ir/graph.js';
import type { Tensors } from '../../runtime/inputs.js';
import { valuesOf, type Values } from './values.js';

/** A graph under construction, with its operands. */
export class TemplateBuilder extends GraphBuilder {
  private readonly tensors = new Map<string, TensorData>();
  private readonly held = new Map<string, TensorData>();

  /** An input. */
  given(dtype: DType, shape: readonly number[], values: Values = 'hostile'): GraphValue {
    const name = `x${this.tensors.size}`;
    this.tensors.set(name, this.next(dtype, shape, values));
    return this.param(name, dtype, shape);
  }

  /** A weight: kernels only read it. */
  holding(dtype: DType, shape: readonly number[], values: Values = 'ordinary'): GraphValue {
    const id = `w${this.held.size}`;
    this.held.set(id, this.next(dtype, shape, values));
    return this.weight(id, dtype, shape);
  }

  finish(): { readonly program: Program; readonly inputs: Tensors } {
    return {
      program: { graph: this.build(), weights: this.held },
      inputs: Object.fromEntries(this.tensors),
    };
  }

  private next(dtype: DType, shape: readonly number[], values: Values): TensorData {
    return valuesOf(dtype, shape, values, 1 + this.tensors.size + this.held.size);
  }
}

export interface Template {
  /** The heading of its results in reports. */
  readonly name: string;
  /** Whether it runs whenever a device is opened, and not only where all of them do. */
  readonly quick: boolean;
  /** Every output is one result in reports, under its name. */
  define(b: TemplateBuilder): void;
}
