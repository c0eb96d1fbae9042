/** Donations: inputs whose buffers the caller gives up, by the names that callers write, and by place. */
import { HeddleError } from '../../base/errors.js';
import { paramsOf, type Graph, type ValueId } from '../../ir/graph.js';

/**
 * The caller gives up the buffer of the param `input`; the output `output` takes it over where that is possible. Both by
 * their places among the params and the outputs of the graph.
 */
export interface Donation {
  readonly input: number;
  readonly output: number;
}

/** Inputs and outputs in buffers of the caller's. */
export interface PortRequest {
  readonly donate: readonly Donation[];
  /** The inputs that are given up, to an output or to none, by their places. Default: those of `donate`. */
  readonly donated?: readonly number[];
}

/** A donation by the names of the ports. */
export interface NamedDonation {
  readonly input: string;
  readonly output: string;
}

/** Whether a value from outside is a donation. */
export const isDonation = (value: unknown): value is NamedDonation => {
  const { input, output } = (value ?? {}) as Partial<Record<keyof NamedDonation, unknown>>;
  return typeof input === 'string' && typeof output === 'string';
};

/** The places of the ports that `donations` name. Throws USAGE unless each is a param or an output of `graph`, named once. */
export function donationsOf(graph: Graph, donations: readonly NamedDonation[]): Donation[] {
  const inputs = finder('input', paramsOf(graph).map(({ node }) => node.attrs.name)); // prettier-ignore
  const outputs = finder('output', graph.outputs.map(({ name }) => name)); // prettier-ignore
  return donations.map(({ input, output }) => ({ input: inputs(input), output: outputs(output) }));
}

/** Finds the place of each name once. */
function finder(what: string, names: readonly string[]): (name: string) => number {
  const places = new Map(names.map((name, i) => [name, i]));
  const found = new Set<number>();
  return (name) => {
    const place = places.get(name);
    if (place !== undefined && !found.has(place)) {
      found.add(place);
      return place;
    }
    const problem = place === undefined ? `no ${what} has that name` : `the ${what} is donated twice`;
    throw new HeddleError('USAGE', problem, { where: 'donate', found: JSON.stringify(name) });
  };
}

/** Output -> param, by their values. In a graph of {@link separateOutputs} no two outputs are one value. */
export function donatedValues(graph: Graph, donations: readonly Donation[]): ReadonlyMap<ValueId, ValueId> {
  const params = paramsOf(graph);
  return new Map(donations.map(({ input, output }) => [graph.outputs[output].value, params[input].id]));
}
