/** The passes: what each stage did, and each rule that fired, with the expression before and after it. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { InspectionReport, RewriteFacts } from '../../../src/cli/reports/inspection/types.js';
import { counted, integer } from '../format.js';
import type { Go } from '../address.js';
import { Link, type ViewProps } from './common.js';
import { RewriteStage } from './rewrite.js';

const PAGE = 100;

export function PassesView(props: ViewProps): JSX.Element {
  const { report, state, go, work } = props;
  const [shown, setShown] = useState(PAGE);
  const { stages, rewrites, rewritesLeftOut } = report;
  if (stages.length === 0) return <p class="empty">The bundle does not tell what passes did.</p>;
  const chosen = rewrites.flatMap((rewrite, at) =>
    state.rule === undefined || rewrite.rule === state.rule ? [{ rewrite, at }] : [],
  );
  if (work !== undefined && state.rewrite !== undefined && state.rewrite in rewrites)
    return <RewriteStage {...props} task={work.step} rewrite={state.rewrite} />;
  return (
    <div class="page">
      <ol class="stages">
        {stages.map(({ stage, did, rules }) => (
          <li key={stage}>
            <h2>{stage}</h2>
            <p>{did}</p>
            <p>
              {rules.map(([rule, times]) => (
                <button
                  key={rule}
                  type="button"
                  class="chip"
                  aria-pressed={state.rule === rule}
                  onClick={() => go({ rule: state.rule === rule ? undefined : rule })}
                >
                  {rule} {times > 1 ? `x ${integer(times)}` : ''}
                </button>
              ))}
            </p>
          </li>
        ))}
      </ol>
      <h2>
        {state.rule === undefined
          ? counted(chosen.length, 'rewrite')
          : `${state.rule}: ${integer(chosen.length)}`}
      </h2>
      {rewritesLeftOut > 0 && <p class="dim">{integer(rewritesLeftOut)} more are not in this file.</p>}
      <ol class="rewrites">
        {chosen.slice(0, shown).map(({ rewrite, at }) => (
          <Rewrite key={at} rewrite={rewrite} report={report} go={go}>
            {work !== undefined && report.model.shapedFor !== undefined && (
              <Link to={() => go({ rewrite: at })}>the graph</Link>
            )}
          </Rewrite>
        ))}
      </ol>
      {chosen.length > shown && (
        <button type="button" onClick={() => setShown(shown + PAGE)}>
          more
        </button>
      )}
    </div>
  );
}

function Rewrite({
  rewrite: { rule, origin, before, after },
  report,
  go,
  children,
}: {
  rewrite: RewriteFacts;
  report: InspectionReport;
  go: Go;
  children: ComponentChildren;
}): JSX.Element {
  const [source] = report.graphs;
  const value = origin === undefined ? -1 : source.nodes.findLastIndex((node) => node.origin === origin);
  return (
    <li>
      <p>
        <strong>{rule}</strong>{' '}
        {origin !== undefined &&
          (value < 0 ? (
            <span class="dim">{origin}</span>
          ) : (
            <Link to={() => go({ view: 'graph', graph: source.id, value })}>{origin}</Link>
          ))}{' '}
        {children}
      </p>
      <code>{before}</code>
      <code class="after">{after}</code>
    </li>
  );
}
