/** What several views show. */
import type { JSX } from 'preact';
import type { GraphReport, InspectionReport } from '../../../src/cli/reports/inspection/types.js';
import type { Go, State } from '../address.js';
import type { LabWork } from '../lab.js';

export interface ViewProps {
  readonly report: InspectionReport;
  readonly state: State;
  readonly go: Go;
  /** Absent where the page does not have the model. */
  readonly work?: LabWork | undefined;
}

export const graphOf = ({ graphs }: InspectionReport, id: string | undefined): GraphReport | undefined =>
  graphs.find((graph) => graph.id === id);

/** The program as it was fused: of its values kernels and memory speak. */
export const fusedGraph = (report: InspectionReport): GraphReport | undefined =>
  graphOf(report, report.kernels.find(({ graph }) => graph !== undefined)?.graph) ?? report.graphs.at(-1);

/** A button that looks like a link. */
export function Link({ to, children }: { to: () => void; children: string }): JSX.Element {
  return (
    <button type="button" class="link" onClick={to}>
      {children}
    </button>
  );
}

/** Values of a graph as links into it. */
export function Values({
  values,
  graph,
  go,
}: {
  values: readonly number[];
  graph: GraphReport;
  go: Go;
}): JSX.Element {
  if (values.length === 0) return <span class="dim">nothing</span>;
  return (
    <>
      {values.map((value) => (
        <Link
          key={value}
          to={() => go({ view: 'graph', graph: graph.id, value })}
        >{`%${value} ${graph.nodes[value].op}`}</Link>
      ))}
    </>
  );
}
