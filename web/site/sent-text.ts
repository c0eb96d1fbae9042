/** A text that is edited, and that a link may replace: whose it is, step by step. */

export interface SentText {
  readonly text: string;
  /** A link brought it, or what it was made from, and nobody has agreed to it since. */
  readonly isSent: boolean;
  /** What a link holds, packed, until that is unpacked. */
  readonly awaited?: string | undefined;
  /** The last link held no text. */
  readonly isBroken: boolean;
}

export type Step =
  /** The address changed; it may hold a text, packed. */
  | { readonly kind: 'address'; readonly packed: string | undefined }
  | { readonly kind: 'unpacked'; readonly packed: string; readonly text: string }
  | { readonly kind: 'broken'; readonly packed: string }
  /** Somebody typed. A key is no consent. */
  | { readonly kind: 'edit'; readonly text: string }
  /** A text of the site takes its place. */
  | { readonly kind: 'replace'; readonly text: string }
  | { readonly kind: 'accept' };

/** What comes of a link that is no longer awaited changes nothing. */
export function step(old: SentText, next: Step): SentText {
  switch (next.kind) {
    case 'address':
      return { text: old.text, isSent: old.isSent, awaited: next.packed, isBroken: false };
    case 'unpacked':
      if (old.awaited !== next.packed) return old;
      return { text: next.text, isSent: old.isSent || next.text !== old.text, isBroken: false };
    case 'broken':
      if (old.awaited !== next.packed) return old;
      return { text: old.text, isSent: old.isSent, isBroken: true };
    case 'edit':
      if (old.text === next.text) return old;
      return { text: next.text, isSent: old.isSent, isBroken: false };
    case 'replace':
      return { text: next.text, isSent: false, isBroken: false };
    case 'accept':
      return { text: old.text, isSent: false, isBroken: false };
  }
}
