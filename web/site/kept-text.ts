/** A text that is edited, kept for the next visit, and in links. */
import { useEffect, useState } from 'preact/hooks';
import { packText, unpackText } from './packed.js';

const PARAMETER = 'text=';

export interface KeptText {
  readonly text: string;
  readonly set: (text: string) => void;
  /** Whether a link brought it, and nobody has touched it. */
  readonly isSent: boolean;
  /** Has it taken for the visitor's own. */
  readonly accept: () => void;
  /** An address that holds it. */
  readonly link: string;
}

/** The text of page `page`: that of the address, or else that of the last visit, or else `example`. */
export function useKeptText(page: string, hash: string, example: string): KeptText {
  const [text, setText] = useState(() => read(page) ?? example);
  const [isSent, setSent] = useState(hash.includes(PARAMETER));
  const [link, setLink] = useState('');
  useEffect(() => {
    const at = hash.indexOf(PARAMETER);
    if (at < 0) return;
    setSent(true);
    unpackText(hash.slice(at + PARAMETER.length)).then(setText, () => setSent(false));
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
    text,
    set: (next) => {
      if (next === text) return;
      setText(next);
      setSent(false);
      write(page, next);
    },
    isSent,
    accept: () => setSent(false),
    link,
  };
}

// A browser may forbid a page to keep anything.
const keyOf = (page: string): string => `heddle ${page}`;

function read(page: string): string | undefined {
  try {
    return localStorage.getItem(keyOf(page)) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(page: string, text: string): void {
  try {
    localStorage.setItem(keyOf(page), text);
  } catch {
    // It is kept as long as the page is there.
  }
}
