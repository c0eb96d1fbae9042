/** How a piece of work stands: its progress, or its error. */
import type { JSX } from 'preact';
import type { Work } from './task.js';

export function Status({ work }: { work: Work<unknown> }): JSX.Element {
  const { news, error, isRunning } = work;
  return (
    <div role="status" aria-live="polite">
      {isRunning && (
        <p>
          <progress max={Math.max(1, news?.total ?? 1)} value={news?.done ?? 0} /> {news?.stage ?? 'starting'}
        </p>
      )}
      {error !== undefined && <pre class="error">{error}</pre>}
    </div>
  );
}
