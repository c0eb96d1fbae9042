/** The graph: drawn, searched, and what is known of the value that is selected. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { GraphReport, InspectionReport } from '../../../src/cli/reports/inspection/types.js';
import { GraphCanvas } from '../canvas.js';
import type { Scene, SceneOptions } from '../layout/scene.js';
import type { SceneRequest } from '../layout/worker.js';
import LayoutWorker from '../layout/worker.js?worker&inline';
import type { Go } from '../address.js';
import { fusedGraph, graphOf, Link, Values, type ViewProps } from './common.js';

export function GraphView({ report, state, go }: ViewProps): JSX.Element {
  const graph = graphOf(report, state.graph) ?? fusedGraph(report);
  const [options, setOptions] = useState<SceneOptions>({ weights: false, boxes: true });
  const scene = useScene(graph, report, options);
  if (graph === undefined) return <p class="empty">The bundle does not carry its graph.</p>;
  const toggle = (name: keyof SceneOptions, label: string): JSX.Element => (
    <label>
      <input
        type="checkbox"
        checked={options[name]}
        onChange={() => setOptions({ ...options, [name]: !options[name] })}
      />
      {label}
    </label>
  );
  return (
    <div class="split">
      <div class="stage">
        <div class="bar">
          <select
            aria-label="Graph"
            value={graph.id}
            onChange={({ currentTarget }) => go({ graph: currentTarget.value, value: undefined })}
          >
            {report.graphs.map(({ id, title, nodes }) => (
              <option key={id} value={id}>
                {title} ({nodes.length})
              </option>
            ))}
          </select>
          {toggle('boxes', 'kernels')}
          {toggle('weights', 'weights')}
          <Search graph={graph} go={go} />
        </div>
        {typeof scene === 'object' ? (
          <GraphCanvas
            scene={scene}
            value={state.value}
            kernel={state.kernel}
            onValue={(value, kernel) => go({ graph: graph.id, value, kernel })}
            onKernel={(kernel) => go({ graph: graph.id, kernel, value: undefined })}
          />
        ) : (
          <p class="empty" role="status">
            {scene}
          </p>
        )}
      </div>
      <aside aria-label="Selection">
        <Selection report={report} graph={graph} value={state.value} kernel={state.kernel} go={go} />
      </aside>
    </div>
  );
}

/** The scene of a graph, drawn by a worker; or what there is to say until then. */
export function useScene(
  graph: GraphReport | undefined,
  { kernels }: InspectionReport,
  options: SceneOptions,
): Scene | string {
  const [scene, setScene] = useState<Scene | string>('Drawing ...');
  useEffect(() => {
    if (graph === undefined) return;
    setScene('Drawing ...');
    const worker = new LayoutWorker();
    worker.addEventListener('message', ({ data }: MessageEvent<Scene>) => setScene(data));
    worker.addEventListener('error', ({ message }) => setScene(`The graph cannot be drawn: ${message}`));
    worker.postMessage({ graph, kernels, options } satisfies SceneRequest);
    return () => worker.terminate();
  }, [graph, kernels, options]);
  return scene;
}

const MOST_FOUND = 40;
/** What takes the key / for itself. */
const TYPED_IN = 'input, textarea, select, [contenteditable]';

/** Finds nodes by op, id, name or type. */
function Search({ graph, go }: { graph: GraphReport; go: Go }): JSX.Element {
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      // The innermost: where the inspector is part of another page, that page is the target.
      const [at] = event.composedPath();
      if (event.key !== '/' || (at instanceof Element && at.matches(TYPED_IN))) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  const found = useMemo(() => search(graph, text), [graph, text]);
  const choose = (value: number): void => {
    go({ graph: graph.id, value });
    setText('');
  };
  return (
    <div class="search">
      <input
        ref={input}
        type="search"
        placeholder="Find (/)"
        aria-label="Find a node by operation, number, name or type"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={({ key }) => {
          if (key === 'Enter' && found.length > 0) choose(found[0]);
          if (key === 'Escape') setText('');
        }}
      />
      {text !== '' && (
        <ul>
          {found.slice(0, MOST_FOUND).map((value) => (
            <li key={value}>
              <button type="button" onClick={() => choose(value)}>
                {`%${value} ${graph.nodes[value].op} ${graph.nodes[value].origin ?? ''}`}
              </button>
            </li>
          ))}
          <li class="dim">{found.length === 0 ? 'nothing' : `${found.length} found`}</li>
        </ul>
      )}
    </div>
  );
}

/** The values in whose description all words stand. */
export function search({ nodes }: GraphReport, text: string): number[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return nodes.flatMap(({ op, type, origin = '', attrs = '' }, value) => {
    const all = `%${value} ${op} ${type} ${origin} ${attrs}`.toLowerCase();
    return words.every((word) => all.includes(word)) ? [value] : [];
  });
}

function Selection({
  report,
  graph,
  value,
  kernel,
  go,
}: {
  report: InspectionReport;
  graph: GraphReport;
  value: number | undefined;
  kernel: number | undefined;
  go: Go;
}): JSX.Element {
  const node = value === undefined ? undefined : graph.nodes.at(value);
  if (node === undefined || value === undefined) {
    if (kernel === undefined || report.kernels.at(kernel) === undefined)
      return <p class="dim">Select a node or a box. Drag moves, the wheel zooms; so do arrows, + and -.</p>;
    return (
      <>
        <h2>Kernel {kernel}</h2>
        <p>{report.kernels[kernel].label}</p>
        <Link to={() => go({ view: 'kernels', kernel })}>its code and reasons</Link>
      </>
    );
  }
  const users = graph.nodes.flatMap(({ inputs }, user) => (inputs.includes(value) ? [user] : []));
  const computing = report.kernels.flatMap(({ graph: id, members }, i) =>
    id === graph.id && members.includes(value) ? [i] : [],
  );
  const rows: readonly (readonly [string, JSX.Element | string | undefined])[] = [
    ['type', node.type],
    ['attributes', node.attrs],
    ['from', node.origin],
    ['reason', node.reason],
    ['reads', <Values key="reads" values={node.inputs} graph={graph} go={go} />],
    ['read by', <Values key="users" values={users} graph={graph} go={go} />],
  ];
  return (
    <>
      <h2>
        %{value} {node.op}
      </h2>
      <dl>
        {rows.map(([name, text]) =>
          text === undefined ? undefined : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ),
        )}
        {computing.length > 0 && (
          <div>
            <dt>computed by</dt>
            <dd>
              {computing.map((i) => (
                <Link
                  key={i}
                  to={() => go({ view: 'kernels', kernel: i })}
                >{`kernel ${i}: ${report.kernels[i].label}`}</Link>
              ))}
            </dd>
          </div>
        )}
        {node.holds !== undefined && (
          <div>
            <dt>holds</dt>
            <dd>
              {node.holds.map((id) => (
                <Link key={id} to={() => go({ graph: id, value: undefined })}>
                  {graphOf(report, id)?.title ?? id}
                </Link>
              ))}
            </dd>
          </div>
        )}
      </dl>
    </>
  );
}
