/** The state as a hook. */
import { useEffect, useState } from 'preact/hooks';
import { defined, parseState, printState, type Go, type State } from './address.js';

/** The state, and what changes it: every change is a step in the browser's history. `page` stands before it in the address. */
export function useAddress(page = ''): readonly [State, Go] {
  const [state, setState] = useState(() => parseState(location.hash));
  useEffect(() => {
    const read = (): void => setState(parseState(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const go: Go = (change) => {
    location.hash = printState(defined({ ...parseState(location.hash), ...change }), page);
  };
  return [state, go];
}
