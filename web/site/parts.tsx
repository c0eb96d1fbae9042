/** What several pages show. */
import type { JSX } from 'preact';
import type { Engine } from './protocol.js';
import type { Work } from './work.js';

/** Progress, or the error. */
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

export function EngineChoice({
  engine,
  onChange,
}: {
  engine: Engine;
  onChange: (engine: Engine) => void;
}): JSX.Element {
  return (
    <label>
      on{' '}
      <select value={engine} onChange={({ currentTarget }) => onChange(currentTarget.value as Engine)}>
        <option value="webgpu">WebGPU</option>
        <option value="wasm">the CPU (WebAssembly)</option>
      </select>
    </label>
  );
}

/** WebGPU where the browser has it. */
export const DEFAULT_ENGINE: Engine = 'gpu' in navigator ? 'webgpu' : 'wasm';

/** Offers bytes as a file. */
export function save(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
