/** Loops of one kernel: each invocation makes all trips for its elements, and keeps what it carries in registers. */
import type { ValueId } from '../../ir/graph.js';
import { delinearize, type Index } from '../../ir/index-expr.js';
import type { LoweredKernel } from '../kernel/body.js';
import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { staticElementCost } from './cost.js';
import { scalarTypeOf } from './scalar-rules.js';
import type { TripsSpec } from './spec.js';

/** The kernel of `count` elements. */
export function lowerTrips(
  k: KernelContext,
  count: number,
  { level, trips, carries }: TripsSpec,
): LoweredKernel {
  const { s, evaluator, form } = k;
  return k.each(count, trips * count * staticElementCost(k, form.members), (ref) => {
    const element = evaluator.indexOf(ref, count, 'i');
    const indexOf = (id: ValueId): readonly Index[] => delinearize(element, evaluator.sizes(id));
    const held = carries.map(({ source, result }) => {
      const id = source === undefined ? undefined : form.sources[source];
      const variable = s.variable(id === undefined ? zero(s, evaluator, form.results[result]) : evaluator.at(id, indexOf(id))); // prettier-ignore
      return { id, result, variable };
    });
    s.rolled(s.literal(trips), (trip) =>
      s.inTrip(level, trip, () => {
        for (const { id, variable } of held)
          if (id !== undefined) evaluator.pin(id, [indexOf(id), s.get(variable)]);
        const made = form.results.map((id) => evaluator.at(id, indexOf(id)));
        const carried = new Map(held.map(({ result, variable }) => [result, variable]));
        made.forEach((value, at) => {
          const variable = carried.get(at);
          if (variable === undefined) k.put(form.results[at], indexOf(form.results[at]), value);
          else s.set(variable, value);
        });
      }),
    );
    for (const { result, variable } of held)
      k.put(form.results[result], indexOf(form.results[result]), s.get(variable));
  });
}

function zero(s: SsaBuilder, evaluator: KernelContext['evaluator'], id: ValueId): Ref {
  const type = scalarTypeOf(evaluator.type(id).dtype);
  return type === 'f32' ? s.fconst(0) : type === 'bool' ? s.bconst(false) : s.iconst(0);
}
