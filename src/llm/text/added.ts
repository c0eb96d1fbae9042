/** Cuts a text at the tokens that were added to a vocabulary. */
import type { AddedToken } from './vocabulary.js';

export type Section = string | AddedToken;

const isWordCharacter = (character: string | undefined): boolean =>
  character !== undefined && /[\p{L}\p{N}_]/u.test(character);

/** The tokens by their first character, longer ones first. */
export type AddedIndex = ReadonlyMap<string, readonly AddedToken[]>;

export function indexAdded(tokens: readonly AddedToken[]): AddedIndex {
  const index = new Map<string, AddedToken[]>();
  for (const token of tokens) {
    const first = token.content[0] as string | undefined;
    if (first === undefined) continue;
    const list = index.get(first) ?? [];
    list.push(token);
    index.set(first, list);
  }
  for (const list of index.values()) list.sort((a, b) => b.content.length - a.content.length);
  return index;
}

/** Sections of a text: those that are added tokens, and what is between them; none is empty. The longest token wins. */
export function sectionsOf(text: string, index: AddedIndex): readonly Section[] {
  const sections: Section[] = [];
  let [start, at, skip] = [0, 0, false];
  const plain = (end: number): void => {
    const part = skip ? text.slice(start, end).trimStart() : text.slice(start, end);
    if (part !== '') sections.push(part);
  };
  while (at < text.length) {
    const found = index.get(text[at])?.find((token) => standsAt(token, text, at));
    if (found === undefined) {
      at++;
      continue;
    }
    const before = text.slice(start, at);
    plain(found.lstrip ? start + before.trimEnd().length : at);
    sections.push(found);
    at += found.content.length;
    [start, skip] = [at, found.rstrip];
  }
  plain(text.length);
  return sections;
}

function standsAt({ content, singleWord }: AddedToken, text: string, at: number): boolean {
  if (!text.startsWith(content, at)) return false;
  if (!singleWord) return true;
  return !isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + content.length]);
}
