/** What several pages show. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Engine } from './protocol.js';

export { Status } from '../shared/status.js';

/** Of a link to a text that is edited. */
export const BrokenLink = (): JSX.Element => (
  <p class="error">The link is broken: no text can be read out of it. The text here is not of the link.</p>
);

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

/** A place where a file is dropped or chosen; the children stand beside it. */
export function DropZone({
  label,
  accept,
  onFile,
  children,
}: {
  label: string;
  accept: string;
  onFile: (file: File) => void;
  children: ComponentChildren;
}): JSX.Element {
  const [isOver, setOver] = useState(false);
  return (
    <div
      class={`drop${isOver ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer?.files[0];
        if (file !== undefined) onFile(file);
      }}
    >
      <label>
        {label}:{' '}
        <input
          type="file"
          accept={accept}
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            if (file !== undefined) onFile(file);
          }}
        />
      </label>
      {children}
    </div>
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
