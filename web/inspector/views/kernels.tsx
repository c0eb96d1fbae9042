/** Kernels: what each computes, from what and why, and its code. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { InspectionReport, KernelFacts } from '../../../src/cli/reports/inspection/types.js';
import { bytes, integer } from '../format.js';
import { highlighted } from '../highlight.js';
import type { Go } from '../address.js';
import { graphOf, Link, Values, type ViewProps } from './common.js';

export function KernelsView({ report, state, go }: ViewProps): JSX.Element {
  const cpu = state.cpu === true ? report.cpu : undefined;
  const list = cpu?.kernels ?? report.kernels;
  const chosen = Math.min(Math.max(0, state.kernel ?? 0), list.length - 1);
  const language = cpu === undefined ? report.model.language : 'wat';
  const labels = { wgsl: 'WebGPU', wat: 'the CPU' } as const;
  if (list.length === 0) return <p class="empty">The program has no kernels.</p>;
  const code = (cpu ?? report).pipelines[list[chosen].pipeline];
  return (
    <div class="split kernels">
      <nav aria-label="Kernels">
        {report.cpu !== undefined && (
          <div class="bar">
            {([false, true] as const).map((which) => (
              <button
                key={String(which)}
                type="button"
                class="chip"
                aria-pressed={(cpu !== undefined) === which}
                onClick={() => go({ cpu: which || undefined, kernel: undefined })}
              >
                for {labels[which ? 'wat' : report.model.language]}
              </button>
            ))}
          </div>
        )}
        <ol start={0}>
          {list.map(({ label }, kernel) => (
            <li key={kernel}>
              <button type="button" aria-current={kernel === chosen} onClick={() => go({ kernel })}>
                <span class="dim">{kernel}</span> {label}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <section aria-label="Kernel">
        <h2>
          {chosen}: {list[chosen].label}
        </h2>
        {cpu === undefined && (
          <Facts report={report} kernel={report.kernels[chosen]} number={chosen} go={go} />
        )}
        <Code code={code} language={language} />
      </section>
    </div>
  );
}

function Code({ code, language }: { code: string; language: 'wgsl' | 'wat' }): JSX.Element {
  const html = useMemo(() => highlighted(code, language), [code, language]);
  return (
    <>
      <h3>{language === 'wgsl' ? 'WGSL' : 'WebAssembly text'}</h3>
      <pre class="code" tabIndex={0}>
        <code dangerouslySetInnerHTML={{ __html: html }} />
      </pre>
    </>
  );
}

function Facts({
  report,
  kernel,
  number,
  go,
}: {
  report: InspectionReport;
  kernel: KernelFacts;
  number: number;
  go: Go;
}): JSX.Element {
  const { over, workgroups, pipeline, operations, bytesRead, bytesWritten, bindings, members } = kernel;
  const graph = graphOf(report, kernel.graph);
  const sharing = report.kernels.flatMap((other, i) => (other.pipeline === pipeline && i !== number ? [i] : [])); // prettier-ignore
  const moved =
    bytesRead === undefined || bytesWritten === undefined
      ? undefined
      : `${bytes(bytesRead)} read, ${bytes(bytesWritten)} written; ${integer(operations)} operations`;
  const origins = [...new Set(members.flatMap((value) => graph?.nodes[value].origin ?? []))];
  return (
    <>
      <dl>
        <div>
          <dt>over</dt>
          <dd>
            {over} in {workgroups.filter((count, axis) => axis === 0 || count > 1).join(' x ')} workgroups
          </dd>
        </div>
        {moved !== undefined && (
          <div>
            <dt>work</dt>
            <dd>{moved}</dd>
          </div>
        )}
        {origins.length > 0 && (
          <div>
            <dt>from</dt>
            <dd>{origins.join(', ')}</dd>
          </div>
        )}
        {graph !== undefined && (
          <>
            <div>
              <dt>reads</dt>
              <dd>
                <Values values={kernel.reads} graph={graph} go={go} />
              </dd>
            </div>
            <div>
              <dt>writes</dt>
              <dd>
                <Values values={kernel.writes} graph={graph} go={go} />
              </dd>
            </div>
          </>
        )}
        <div>
          <dt>pipeline</dt>
          <dd>
            {pipeline}
            {sharing.length > 0 && ', shared with kernel '}
            {sharing.slice(0, 12).map((i) => (
              <Link key={i} to={() => go({ kernel: i })}>{`${i}`}</Link>
            ))}
            {sharing.length > 12 && ` and ${sharing.length - 12} more`}
          </dd>
        </div>
        <div>
          <dt>buffers</dt>
          <dd>
            {bindings.map((binding, i) => (
              <div key={i}>{binding}</div>
            ))}
          </dd>
        </div>
      </dl>
      {graph !== undefined && members.length > 0 && (
        <>
          <h3>
            What it computes, and why there{' '}
            <Link to={() => go({ view: 'graph', graph: graph.id, kernel: number, value: undefined })}>
              in the graph
            </Link>
          </h3>
          <div class="scroll">
            <table>
              <tbody>
                {members.map((value) => {
                  const { op, inputs, attrs = '', type, reason = '' } = graph.nodes[value];
                  return (
                    <tr key={value}>
                      <td>
                        <code>
                          %{value} = {op} {inputs.map((input) => `%${input}`).join(' ')} {attrs} : {type}
                        </code>
                      </td>
                      <td>{reason}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}
