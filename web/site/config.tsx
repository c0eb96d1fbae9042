/** A network as JSON, edited beside what becomes of it. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Editor } from './editor.js';
import { addressIn } from './inspect-address.js';
import { useKeptText } from './kept-text.js';
import type { PageProps } from './page.js';
import { BrokenLink, Status } from './parts.js';
import { useLastResult, useWork } from './work.js';

const EXAMPLE = `{
  "input": [1, 12, 12],
  "seed": 1,
  "layers": [
    { "type": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu" },
    { "type": "dense", "output_size": 10, "activation": "softmax" }
  ]
}
`;

/** Milliseconds after the last key. */
const PAUSE = 400;

export function ConfigPage({ hash, give }: PageProps): JSX.Element {
  const { text, edit, replace, isBroken, link } = useKeptText('config', hash, EXAMPLE);
  const [work, start] = useWork('config');
  useEffect(() => {
    const timer = setTimeout(() => start({ text }), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  const result = useLastResult(work);
  return (
    <>
      <h1>A network as JSON</h1>
      <p>
        Edit it: weights follow from the seed, and the output is that of numbers from a seed, with the same
        bits everywhere.
      </p>
      <p class="buttons">
        <button type="button" onClick={() => replace(EXAMPLE)}>
          Example
        </button>
        <a class="button" href={link}>
          Link with this config
        </a>
        {result !== undefined && (
          <a
            class="button"
            href={addressIn('network.json')}
            onClick={() => give({ name: 'network.json', bytes: new TextEncoder().encode(text) })}
          >
            Look inside
          </a>
        )}
      </p>
      {isBroken && <BrokenLink />}
      <div class="beside">
        <Editor label="Config" language="json" text={text} onChange={edit} />
        <div>
          <Status work={work} />
          {result !== undefined && (
            <section aria-label="Network">
              <p>
                {result.parameters.toLocaleString()} parameters; output {result.output.type}:
                <br />
                <code>{result.output.first.join(', ')}</code>
              </p>
              <h2>Kernels</h2>
              <ol start={0}>
                {result.kernels.map((label, i) => (
                  <li key={i}>{label}</li>
                ))}
              </ol>
              <h2>IR</h2>
              <pre>{result.ir}</pre>
            </section>
          )}
        </div>
      </div>
    </>
  );
}
