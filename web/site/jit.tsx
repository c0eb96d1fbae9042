/** A function on tensors, edited beside what it becomes. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { highlighted } from '../inspector/highlight.js';
import { Editor } from './editor.js';
import { addressIn } from './inspect-address.js';
import { EXAMPLES } from './jit-examples.js';
import { useKeptText } from './kept-text.js';
import type { PageProps } from './page.js';
import { BrokenLink, Status } from './parts.js';
import type { JitResult } from './protocol.js';
import { useLastResult, useWork } from './work.js';

/** Milliseconds after the last key. */
const PAUSE = 400;
/** Milliseconds that a program may take: one may not end. */
const PATIENCE = 20_000;

export function JitPage({ hash, give }: PageProps): JSX.Element {
  const kept = useKeptText('jit', hash, EXAMPLES.attention);
  const { text, edit, replace, isSent, accept, link } = kept;
  const isAwaited = kept.awaited !== undefined;
  const [work, start, end] = useWork('jit');
  useEffect(() => {
    // A program that came with a link is not run before somebody has looked at it.
    if (isSent || isAwaited) return;
    const timer = setTimeout(() => start({ text }), PAUSE);
    return () => clearTimeout(timer);
  }, [text, isSent, isAwaited]);
  useEffect(() => {
    if (!work.isRunning) return;
    const timer = setTimeout(() => end(`The program took more than ${PATIENCE / 1000} s, and was ended. Its text is kept.`), PATIENCE); // prettier-ignore
    return () => clearTimeout(timer);
  }, [work.isRunning, text]);
  const { error, line } = work;
  const result = useLastResult(work);
  const mistake = error === undefined || line === undefined ? undefined : { line, message: error };
  return (
    <>
      <h1>A function, compiled</h1>
      <p>
        TypeScript that is traced, in a worker, while you edit it: beside it stand its output on the CPU, its
        IR, and the WGSL of its kernels for a GPU.
      </p>
      <p class="buttons">
        {Object.entries(EXAMPLES).map(([name, example]) => (
          <button key={name} type="button" onClick={() => replace(example)}>
            {name}
          </button>
        ))}
        <a class="button" href={link}>
          Link with this program
        </a>
        {result !== undefined && (
          <a
            class="button"
            href={addressIn(result.report.model.name)}
            onClick={() => give({ name: result.report.model.name, report: result.report })}
          >
            Look inside
          </a>
        )}
      </p>
      {kept.isBroken && <BrokenLink />}
      {isSent && !isAwaited && (
        <p class="note">
          This program came with a link. It can reach the network like any page; read it first.{' '}
          <button type="button" class="main" onClick={accept}>
            Run it
          </button>
        </p>
      )}
      <div class="beside">
        <Editor label="Program" language="typescript" text={text} onChange={edit} mistake={mistake} />
        <div>
          <Status work={work} />
          {result !== undefined && <Compiled result={result} />}
        </div>
      </div>
    </>
  );
}

function Compiled({ result: { ir, report, outputs } }: { result: JitResult }): JSX.Element {
  return (
    <section aria-label="Function">
      {outputs.map(({ name, type, first }) => (
        <p key={name}>
          {name || 'result'}: {type}
          <br />
          <code>{first.join(', ')}</code>
        </p>
      ))}
      <h2>IR</h2>
      <pre>{ir}</pre>
      <h2>WGSL</h2>
      {report.kernels.map(({ label, pipeline }, kernel) => (
        <details key={kernel} open={kernel === 0}>
          <summary>
            {kernel}: {label}
          </summary>
          <pre
            class="code"
            dangerouslySetInnerHTML={{ __html: highlighted(report.pipelines[pipeline], 'wgsl') }}
          />
        </details>
      ))}
    </section>
  );
}
