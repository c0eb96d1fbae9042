/** Views of what is measured here, in this browser: where its GPU differs from the reference, and how long each kernel takes. */
import type { JSX } from 'preact';
import { DifferenceView as Difference } from '../../shared/difference.js';
import type { Engine, Measuring } from '../../shared/measured.js';
import { Status } from '../../shared/status.js';
import type { Task } from '../../shared/task.js';
import { TimeView as Times } from '../../shared/times.js';
import type { State } from '../address.js';
import { fusedGraph, Link, type ViewProps } from './common.js';

export function DifferenceView({ report, state, go, work }: ViewProps): JSX.Element {
  if (work === undefined) return <NoLab />;
  const { verify } = work;
  const [{ result }] = verify;
  const links = isOfReport(report, state);
  return (
    <div class="page">
      <Measure report={report} state={state} go={go} task={verify} words="Compare with the reference" />
      {result !== undefined && (
        <Difference
          result={result}
          onKernel={links ? (kernel) => go({ view: 'kernels', kernel }) : undefined}
          onValue={links && state.cpu !== true ? (value) => go({ view: 'graph', graph: fusedGraph(report)?.id, value }) : undefined} // prettier-ignore
        />
      )}
    </div>
  );
}

export function TimeView({ report, state, go, work }: ViewProps): JSX.Element {
  if (work === undefined) return <NoLab />;
  const { time } = work;
  const [{ result }] = time;
  const { kernel } = state;
  const chosen = kernel === undefined ? undefined : result?.kernels.at(kernel);
  return (
    <div class="page">
      <Measure report={report} state={state} go={go} task={time} words="Time each kernel" />
      {chosen !== undefined && isOfReport(report, state) && (
        <p>
          Selected: {kernel}: {chosen.label}{' '}
          <Link to={() => go({ view: 'kernels' })}>its code and reasons</Link>
        </p>
      )}
      {result !== undefined && (
        <Times
          result={result}
          order={state.by}
          onOrder={(by) => go({ by })}
          kernel={kernel}
          onKernel={isOfReport(report, state) ? (chosenNow) => go({ kernel: chosenNow }) : undefined}
        />
      )}
    </div>
  );
}

const NoLab = (): JSX.Element => (
  <p class="empty">
    This page says what became of the model; it does not hold the model. `heddle view MODEL` serves a page
    that runs it.
  </p>
);

/** What runs: WebGPU, unless the code for the CPU is looked at, or is all there is. */
const engineOf = ({ cpu }: State, language: 'wgsl' | 'wat'): Engine =>
  cpu === true || language === 'wat' || !('gpu' in navigator) ? 'wasm' : 'webgpu';

/** Whether the kernels that are measured are those of the report, by number. */
const isOfReport = ({ model, cpu }: ViewProps['report'], state: State): boolean =>
  engineOf(state, model.language) === 'webgpu' || model.language === 'wat' || cpu !== undefined;

/** The engine, what starts, and how far it is. */
function Measure<R>({
  report: { model },
  state,
  go,
  task: [work, start, end],
  words,
}: Pick<ViewProps, 'report' | 'state' | 'go'> & {
  readonly task: Task<Measuring, R>;
  readonly words: string;
}): JSX.Element {
  const engine = engineOf(state, model.language);
  const target = engine === 'wasm' ? 'wasm' : model.shapedFor;
  return (
    <>
      <div class="bar">
        <select
          aria-label="Engine"
          value={engine}
          disabled={work.isRunning}
          onChange={({ currentTarget }) => {
            end();
            go({ cpu: currentTarget.value === 'wasm' || undefined, kernel: undefined });
          }}
        >
          {'gpu' in navigator && model.language === 'wgsl' && <option value="webgpu">WebGPU</option>}
          <option value="wasm">the CPU (WebAssembly)</option>
        </select>
        <button
          type="button"
          onClick={() =>
            work.isRunning ? end() : start({ engine, ...(target === undefined ? {} : { target }) })
          }
        >
          {work.isRunning ? 'Stop' : words}
        </button>
      </div>
      <Status work={work} />
    </>
  );
}
