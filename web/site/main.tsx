/** The site: a page that tests a GPU, and demos. */
import { render, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ConfigPage } from './config.js';
import { DevicePage } from './device.js';
import { RunPage } from './run.js';
import { TrainPage } from './train.js';
import './site.css';

const PAGES: Readonly<Record<string, { readonly title: string; readonly page: (props: { hash: string }) => JSX.Element }>> = {
  device: { title: 'Your GPU', page: DevicePage },
  run: { title: 'Run a model', page: RunPage },
  config: { title: 'Describe', page: ConfigPage },
  train: { title: 'Train', page: TrainPage },
}; // prettier-ignore

function Site(): JSX.Element {
  const [hash, setHash] = useState(location.hash);
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
      <main>
        {!('gpu' in navigator) && (
          <p class="note">
            This browser has no WebGPU here (pages need HTTPS or localhost for it). Models run on the CPU,
            with the same bits.
          </p>
        )}
        <Page hash={hash} />
      </main>
    </>
  );
}

render(<Site />, document.querySelector('#root')!);
