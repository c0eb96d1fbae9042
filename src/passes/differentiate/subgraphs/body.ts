/** The body of a loop and the way back through one trip, in one graph under construction. */
import { GraphBuilder, type GraphValue } from '../../../ir/builder.js';
import { isStatic } from '../../../ir/dim.js';
import type { Node } from '../../../ir/graph.js';
import {
  graphIn,
  loopOperands,
  loopOutputs,
  type LoopParts,
  type TripOutputs,
} from '../../../ir/subgraphs.js';
import type { TensorType } from '../../../ir/types.js';
import { copyNode } from '../copy.js';
import { add } from '../expressions.js';
import type { SubgraphCall, Seed } from '../rule.js';
import { tripVariation } from '../variation.js';

/** What comes to a trip on the way back, and what it hands on. Indices are those of the carried values, stacks, ... */
export interface TripBack {
  readonly b: GraphBuilder;
  /** Nodes of the body itself: those before this one. */
  readonly size: number;
  readonly trip: GraphValue;
  readonly params: LoopParts<GraphValue>;
  readonly outputs: TripOutputs<GraphValue>;
  /** Cotangents that go from trip to trip, of carried values and captures: as they come in, and as they go out. */
  readonly carried: ReadonlyMap<number, Through>;
  readonly captured: ReadonlyMap<number, Through>;
  /** What comes in of the cotangents of stacked outputs. */
  readonly stacked: ReadonlyMap<number, GraphValue>;
  /** Cotangents of slices as they go out. */
  readonly sliced: ReadonlyMap<number, GraphValue>;
  /** What is known of the cotangents of initial values: it comes first in trip 0. */
  readonly starts: ReadonlyMap<number, GraphValue>;
  /** For a stack of what is carried as well, the carried value: its cotangents come in one trip later, as users' do. */
  readonly carrierOf: ReadonlyMap<number, number>;
}

export interface Through {
  readonly enters: GraphValue;
  readonly leaves: GraphValue | undefined;
  /** Whether anything of this trip is in what leaves. */
  readonly isReached: boolean;
}

/** Whether trips are known to be made: at least one, and all of them. */
export const isOrdered = ({ conditional, trips }: Node<'loop'>['attrs']): boolean =>
  !conditional && isStatic(trips) && trips > 0;

/** The way back through a trip, with a cotangent for each carried value to which anything flows in some trip. */
export function tripBack(call: SubgraphCall<'loop'>): TripBack {
  const { node, cts, wanted } = call;
  const { carries } = node.attrs;
  const { params: varies } = tripVariation(node, wanted);
  const body = graphIn(node.attrs.body);
  const made = loopOutputs(
    node,
    body.outputs.map(({ value }) => value),
  );
  const carrierOf = new Map<number, number>();
  if (isOrdered(node.attrs))
    made.slices.forEach((value, k) => {
      const i = made.carried.indexOf(value);
      if (i >= 0 && varies[1 + i] && cts[carries + k] !== undefined) carrierOf.set(k, i);
    });
  let flowing = new Set<number>(carrierOf.values());
  for (let i = 0; i < carries; i++) if (cts[i] !== undefined) flowing.add(i);
  for (;;) {
    const trip = pullTrip(call, varies, carrierOf, flowing);
    const more = new Set([...flowing, ...trip.flowing]);
    if (more.size === flowing.size) return trip;
    flowing = more;
  }
}

function pullTrip(
  { node, cts, known, pullback }: SubgraphCall<'loop'>,
  varies: readonly boolean[],
  carrierOf: ReadonlyMap<number, number>,
  flowing: ReadonlySet<number>,
): TripBack & { readonly flowing: readonly number[] } {
  const { carries, conditional } = node.attrs;
  const body = graphIn(node.attrs.body);
  const b = new GraphBuilder(body.name);
  const values: GraphValue[] = [];
  for (const one of body.nodes) values.push(copyNode(b, one, values));
  const size = values.reduce((most, { id }) => Math.max(most, id + 1), 0);
  const [trip, ...entering] = values.filter((_, id) => body.nodes[id].op === 'param');
  const params = loopOperands(node, conditional ? [trip, ...entering] : entering);
  const outputs = loopOutputs(node, body.outputs.map(({ value }) => values[value])); // prettier-ignore
  const first = conditional ? 1 : 0;
  const port = (name: string, { dtype, shape }: TensorType): GraphValue =>
    b.param(`ct:${name}`, dtype, shape);

  const seeds: Seed[] = [];
  /** What comes to params of the carried values from elsewhere than the trip. */
  const delayed = new Map<number, GraphValue>();
  const delay = (i: number, ct: GraphValue): void => {
    const before = delayed.get(i);
    delayed.set(i, before === undefined ? ct : add(b, before, ct));
    seeds.push({ value: params.carried[i], ct });
  };
  const stacked = new Map<number, GraphValue>();
  const carried = new Map<number, GraphValue>();
  const captured = new Map<number, GraphValue>();
  const starts = new Map<number, GraphValue>();
  const offset = 1 + carries + params.sliced.length;
  for (const i of flowing) {
    const start = isOrdered(node.attrs) ? known[first + i] : undefined;
    const isGiven = [...carrierOf.values()].includes(i);
    if (start === undefined || isGiven) continue;
    starts.set(i, port(`start${i}`, start.type));
    const isStart = b.binary('eq', trip, b.full(trip, 0));
    const flags = b.broadcast(b.reshape(isStart, start.type.shape.map(() => 1)), start.type.shape); // prettier-ignore
    delay(i, b.select(flags, starts.get(i)!, b.full(starts.get(i)!, -0)));
  }
  // Of what users of one value give, that of the last comes first: stacks stand behind the trips, the last one at the end.
  for (let k = outputs.slices.length - 1; k >= 0; k--) {
    if (cts[carries + k] === undefined) continue;
    const ct = port(`stack${k}`, outputs.slices[k].type);
    stacked.set(k, ct);
    const carrier = carrierOf.get(k);
    if (carrier === undefined) seeds.push({ value: outputs.slices[k], ct });
    else delay(carrier, ct);
  }
  for (const i of flowing) {
    carried.set(i, port(`carry${i}`, params.carried[i].type));
    seeds.push({ value: outputs.carried[i], ct: carried.get(i)! });
  }
  params.captures.forEach((value, j) => {
    if (!varies[offset + j]) return;
    captured.set(j, port(`capture${j}`, value.type));
    seeds.push({ value, ct: captured.get(j)! });
  });

  const wrt = entering.map((value, i) => (varies[1 + i] ? [value] : []));
  const gradients = pullback(b, seeds, wrt.flat());
  let next = 0;
  const found = wrt.map(([value]) =>
    (value as GraphValue | undefined) === undefined ? undefined : gradients[next++],
  );
  return {
    b,
    size,
    trip,
    params,
    outputs,
    stacked,
    starts,
    carrierOf,
    flowing: range(carries).filter((i) => found[i] !== undefined),
    carried: new Map(
      [...carried]
        .sort(([x], [y]) => x - y)
        .map(([i, enters]) => [
          i,
          { enters, leaves: found[i], isReached: found[i]?.id !== delayed.get(i)?.id },
        ]),
    ),
    captured: new Map(
      [...captured].flatMap(([j, enters]) => {
        const leaves = found[offset - 1 + j];
        return leaves === undefined || leaves.id === enters.id
          ? []
          : [[j, { enters, leaves, isReached: true }] as const];
      }),
    ),
    sliced: new Map(
      params.sliced.flatMap((_, i) => {
        const ct = found[carries + i];
        return ct === undefined ? [] : [[i, ct] as const];
      }),
    ),
  };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
