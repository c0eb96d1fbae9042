/** The site: a page that tests a GPU, and demos. */
import { render, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ConfigPage } from './config.js';
import { DevicePage } from './device.js';
import { InspectPage } from './inspect.js';
import { JitPage } from './jit.js';
import type { Given, PageProps } from './page.js';
import { RunPage } from './run.js';
import { TrainPage } from './train.js';
import './site.css';

const PAGES: Readonly<Record<string, { readonly title: string; readonly page: (props: PageProps) => JSX.Element }>> = {
  device: { title: 'Your GPU', page: DevicePage },
  run: { title: 'Run a model', page: RunPage },
  inspect: { title: 'Inspect', page: InspectPage },
  jit: { title: 'Write', page: JitPage },
  config: { title: 'Describe', page: ConfigPage },
  train: { title: 'Train', page: TrainPage },
}; // prettier-ignore

function Site(): JSX.Element {
  const [hash, setHash] = useState(location.hash);
  const [given, give] = useState<Given | undefined>(undefined);
  useEffect(() => {
    const read = (): void => setHash(location.hash);
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const name = hash.slice(1).split('?')[0];
  const shown = Object.hasOwn(PAGES, name) ? name : 'device';
  const { page: Page } = PAGES[shown];
  return (
    <>
      <header>
        <strong>Heddle</strong>
        <nav aria-label="Pages">
          {Object.entries(PAGES).map(([id, { title }]) => (
            <a key={id} href={`#${id}`} aria-current={id === shown ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </header>
      <main class={shown}>
        {!('gpu' in navigator) && (
          <p class="note">
            This browser has no WebGPU here (pages need HTTPS or localhost for it). Models run on the CPU,
            with the same bits.
          </p>
        )}
        <Page hash={hash} given={given} give={give} />
      </main>
    </>
  );
}

render(<Site />, document.querySelector('#root')!);
