/** The inspector: a report, seen from several sides. */
import type { JSX } from 'preact';
import type { InspectionReport } from '../../src/cli/reports/inspection/types.js';
import { counted } from './format.js';
import { VIEWS, type View } from './address.js';
import { useLab, type Lab } from './lab.js';
import { useAddress } from './state.js';
import type { ViewProps } from './views/common.js';
import { GraphView } from './views/graph.js';
import { KernelsView } from './views/kernels.js';
import { DifferenceView, TimeView } from './views/measure.js';
import { MemoryView } from './views/memory.js';
import { PassesView } from './views/passes.js';

const COMPONENTS: Readonly<Record<View, (props: ViewProps) => JSX.Element>> = {
  graph: GraphView,
  passes: PassesView,
  kernels: KernelsView,
  memory: MemoryView,
  time: TimeView,
  difference: DifferenceView,
};

export interface InspectorProps {
  readonly report: InspectionReport;
  /** What stands before the state in the address. */
  readonly page?: string | undefined;
  /** Where the page has the model. */
  readonly lab?: Lab | undefined;
}

export function Inspector({ report, page, lab }: InspectorProps): JSX.Element {
  const [state, go] = useAddress(page);
  const work = useLab(lab);
  const { model, kernels, pipelines } = report;
  const Shown = COMPONENTS[state.view];
  return (
    <div class="inspector">
      <header>
        <h1>{model.name}</h1>
        <p>
          {model.inputs.join(', ') || 'no input'} → {model.outputs.join(', ')};{' '}
          {counted(kernels.length, 'kernel')}, {counted(pipelines.length, 'pipeline')}, for {model.target}
        </p>
        {model.notes.map((note) => (
          <p key={note} class="note">
            {note}
          </p>
        ))}
        <nav aria-label="Views">
          {VIEWS.map((view) => (
            <button
              key={view}
              type="button"
              aria-current={state.view === view ? 'page' : undefined}
              onClick={() => go({ view })}
            >
              {view}
            </button>
          ))}
        </nav>
      </header>
      <main>
        <Shown report={report} state={state} go={go} work={work} />
      </main>
    </div>
  );
}
