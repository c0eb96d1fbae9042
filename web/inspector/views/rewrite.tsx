/** One rewrite: the graph before and after it, where the passes can be run again. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RewriteStep } from '../../../src/cli/reports/inspection/types.js';
import type { StepRequest } from '../../shared/measured.js';
import { Status } from '../../shared/status.js';
import type { Task } from '../../shared/task.js';
import { GraphCanvas } from '../canvas.js';
import type { SceneOptions } from '../layout/scene.js';
import { Link, type ViewProps } from './common.js';
import { useScene } from './graph.js';

const PLAIN: SceneOptions = { weights: true, boxes: false };

interface RewriteProps extends ViewProps {
  readonly task: Task<StepRequest, RewriteStep>;
  readonly rewrite: number;
}

export function RewriteStage({ report, state, go, task, rewrite }: RewriteProps): JSX.Element {
  const [work, start] = task;
  const { shapedFor } = report.model;
  const { rule, before, after } = report.rewrites[rewrite];
  const last = report.rewrites.length - 1;
  useEffect(() => {
    if (shapedFor !== undefined) start({ target: shapedFor, rewrite });
  }, [rewrite, shapedFor]);
  const side = state.before === true ? 'before' : 'after';
  const shown = work.result?.[side];
  // What is selected belongs to one of the two graphs.
  const [selected, select] = useState<{ readonly of: typeof shown; readonly value: number } | undefined>(undefined); // prettier-ignore
  const value = selected !== undefined && selected.of === shown ? selected.value : shown?.changed;
  const scene = useScene(shown?.graph, report, PLAIN);
  const node = value === undefined ? undefined : shown?.graph.nodes.at(value);
  return (
    <div class="stage whole">
      <div class="bar">
        <Link to={() => go({ rewrite: undefined, before: undefined })}>all rewrites</Link>
        <button type="button" disabled={rewrite === 0} onClick={() => go({ rewrite: rewrite - 1 })}>
          previous
        </button>
        <button type="button" disabled={rewrite === last} onClick={() => go({ rewrite: rewrite + 1 })}>
          next
        </button>
        <strong>
          {rewrite}: {rule}
        </strong>
        {(['before', 'after'] as const).map((name) => (
          <button
            key={name}
            type="button"
            class="chip"
            aria-pressed={side === name}
            onClick={() => go({ before: name === 'before' || undefined })}
          >
            {name}
          </button>
        ))}
      </div>
      <p class="rewrites bar">
        <code>{side === 'before' ? before : after}</code>
      </p>
      <Status work={work} />
      {node !== undefined && (
        <p class="bar">
          %{value} {node.op} {node.type} {node.origin}
        </p>
      )}
      {shown !== undefined && typeof scene === 'object' ? (
        <GraphCanvas
          scene={scene}
          value={value}
          kernel={undefined}
          onValue={(chosen) => select({ of: shown, value: chosen })}
          onKernel={() => {}}
        />
      ) : null}
    </div>
  );
}
