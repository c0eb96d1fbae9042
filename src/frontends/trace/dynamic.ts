/** Compiled functions whose arguments change their sizes: which axes are free, and what the programs of all sizes share. */
import { HeddleError } from '../../base/errors.js';
import { kind, type Kind } from '../../base/kinds.js';
import { isListOf } from '../../base/values.js';
import { samplesOf } from '../../dynamic/samples.js';
import { dimSubstitute, symbol } from '../../ir/dim.js';
import type { FreeDims, Program, SymbolicSpec } from '../../ir/graph.js';
import { sizesOf } from '../../ir/sizes.js';
import { printType, staticShape, type TensorType } from '../../ir/types.js';
import type { Donation } from '../../passes/memory/donations.js';
import type { Backend, Computation, ProgramFamily } from '../../tensor/backends/backend.js';
import { callWithInputs } from '../../tensor/expressions/call.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { unflatten, type Flat } from '../../tensor/trees/tree.js';
import { inputNames, literal, lowerCall } from './lower-call.js';

/** Names of axes, by the inputs that have them, as `lower` names these; `null` for an axis that keeps its size. */
export type NamedAxes = Readonly<Record<string, readonly (string | null)[]>>;

const isAxis = (value: unknown): boolean => value === null || (typeof value === 'string' && value !== '');

export const dynamicKind: Kind<false> = kind(
  "true or false, or names of axes by input, such as { arg0: ['batch', null] }",
  (value) =>
    typeof value === 'boolean' ||
    (typeof value === 'object' &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((axes) => isListOf(axes, isAxis))),
);

type Samples = () => readonly Program[];

/** The programs of one function, on each backend that it runs on. */
export class DynamicFunction {
  private readonly families = new Map<Backend, ProgramFamily>();

  constructor(
    private readonly name: string,
    private readonly f: (...args: never[]) => unknown,
    private readonly axes: NamedAxes | true,
  ) {}

  /**
   * The programs for a few other sizes of arguments like these; none where no axis has a name. Throws ATTRIBUTE_INVALID where
   * names are given for an input that there is not, or for another number of axes, INPUT_SHAPE where two axes of one name have
   * different sizes.
   */
  samplesFor(args: Flat<Tensor>): Samples {
    if (this.axes === true) return () => [];
    const inputs = symbolicInputs(this.name, args, this.axes);
    const symbols = [...new Set(Object.values(this.axes).flatMap((axes) => axes.filter((axis) => axis !== null)))]; // prettier-ignore
    const free: FreeDims = {
      symbols,
      inputs,
      ranges: {},
      bind: (sizes) =>
        this.traceFor(
          args,
          inputs.map(({ dtype, shape }) => ({ dtype, shape: shape.map((dim) => dimSubstitute(dim, sizes)) })),
        ),
    };
    const given = args.leaves.map(({ expr: { type } }, i) => [inputs[i].name, { dtype: type.dtype, shape: staticShape(type.shape) }] as const); // prettier-ignore
    const sizes = sizesOf(free, Object.fromEntries(given));
    return () => samplesOf(free, sizes);
  }

  compile(backend: Backend, program: Program, donations: readonly Donation[], samples: Samples): Computation {
    const family = this.families.get(backend) ?? backend.family?.();
    if (family === undefined) return backend.compile(program, donations);
    this.families.set(backend, family);
    return family.compile(program, donations, samples);
  }

  /** Forgets what programs had in common. */
  clear(): void {
    for (const family of this.families.values()) family.dispose();
    this.families.clear();
  }

  /** The program for arguments of other types. Throws a HeddleError where the function does not take them. */
  private traceFor(args: Flat<Tensor>, types: readonly TensorType[]): Program {
    try {
      const call = callWithInputs(this.name, types, (inputs) =>
        this.f(...(unflatten(args.structure, inputs) as never[])),
      );
      const { graph, lease } = lowerCall(this.name, args, call, literal);
      lease.release();
      return { graph, weights: new Map() };
    } catch (cause) {
      if (cause instanceof HeddleError) throw cause;
      throw new HeddleError('USAGE', `${this.name} does not take arguments of other sizes`, {
        found: types.map(printType).join(', '),
        cause,
      });
    }
  }
}

function symbolicInputs(name: string, args: Flat<Tensor>, axes: NamedAxes): readonly SymbolicSpec[] {
  const names = inputNames(args);
  const unknown = Object.keys(axes).find((input) => !names.includes(input));
  if (unknown !== undefined)
    throw new HeddleError('ATTRIBUTE_INVALID', `${name}: dynamic axes are given for an input that is none`, {
      found: JSON.stringify(unknown),
      expected: `one of ${names.join(', ')}`,
    });
  return args.leaves.map(({ expr: { type } }, i) => {
    const own = Object.hasOwn(axes, names[i]) ? axes[names[i]] : type.shape.map(() => null);
    if (own.length !== type.shape.length)
      throw new HeddleError('ATTRIBUTE_INVALID', `${name}: an input has another number of axes than names`, {
        where: `input ${JSON.stringify(names[i])}`,
        found: printType(type),
        expected: `${own.length} axes: ${own.map((axis) => axis ?? 'null').join(', ')}`,
      });
    const shape = own.map((axis, k) => (axis === null ? type.shape[k] : symbol(axis)));
    return { name: names[i], dtype: type.dtype, shape };
  });
}
