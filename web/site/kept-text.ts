/** A text that is edited, kept for the next visit, and in links. */
import { useEffect, useReducer, useState } from 'preact/hooks';
import { packText, unpackText } from './packed.js';
import { step, type SentText } from './sent-text.js';

const PARAMETER = 'text=';

export interface KeptText extends SentText {
  /** Has it edited: of a text that was sent, it stays that. */
  readonly edit: (text: string) => void;
  /** Puts a text of the site in its place. */
  readonly replace: (text: string) => void;
  /** Has it taken for the visitor's own. */
  readonly accept: () => void;
  /** An address that holds it. */
  readonly link: string;
}

/** The text of page `page`: that of the address, or else that of the last visit, or else `example`. */
export function useKeptText(page: string, hash: string, example: string): KeptText {
  const [sent, tell] = useReducer(step, undefined, () => atFirst(page, hash, example));
  const [link, setLink] = useState('');
  const { text, isSent } = sent;
  useEffect(() => {
    // The page's own link holds what is there already.
    const packed = hash === link ? undefined : packedIn(hash);
    tell({ kind: 'address', packed });
    if (packed === undefined) return;
    unpackText(packed).then(
      (unpacked) => tell({ kind: 'unpacked', packed, text: unpacked }),
      () => tell({ kind: 'broken', packed }),
    );
  }, [hash]);
  useEffect(() => {
    let isCurrent = true;
    void packText(text).then((packed) => {
      if (isCurrent) setLink(`#${page}?${PARAMETER}${packed}`);
    });
    return () => {
      isCurrent = false;
    };
  }, [text]);
  return {
    ...sent,
    edit: (next) => {
      if (next === text) return;
      tell({ kind: 'edit', text: next });
      keep(page, next, isSent);
      forgetLink(page);
    },
    replace: (next) => {
      tell({ kind: 'replace', text: next });
      keep(page, next, false);
      forgetLink(page);
    },
    accept: () => {
      tell({ kind: 'accept' });
      if (read(sentKey(page)) === text) keep(page, text, false);
    },
    link,
  };
}

function atFirst(page: string, hash: string, example: string): SentText {
  const edited = read(sentKey(page));
  return {
    text: edited ?? read(page) ?? example,
    isSent: edited !== undefined,
    awaited: packedIn(hash),
    isBroken: false,
  };
}

function packedIn(hash: string): string | undefined {
  const at = hash.indexOf(PARAMETER);
  return at < 0 ? undefined : hash.slice(at + PARAMETER.length);
}

/** The address no longer holds what is there: a visitor who loads it again wants what was edited. */
function forgetLink(page: string): void {
  if (packedIn(location.hash) === undefined) return;
  history.replaceState(history.state, '', `#${page}`);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** Of a text that was sent and edited, apart from the visitor's own: the next visit does not take it for that. */
const sentKey = (page: string): string => `${page} sent`;

function keep(page: string, text: string, isSent: boolean): void {
  write(isSent ? sentKey(page) : page, text);
  if (!isSent) forget(sentKey(page));
}

// A browser may forbid a page to keep anything: then it is kept as long as the page is there.
const keyOf = (name: string): string => `heddle ${name}`;

function read(name: string): string | undefined {
  try {
    return localStorage.getItem(keyOf(name)) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(name: string, text: string): void {
  try {
    localStorage.setItem(keyOf(name), text);
  } catch {
    // See above.
  }
}

function forget(name: string): void {
  try {
    localStorage.removeItem(keyOf(name));
  } catch {
    // See above.
  }
}
