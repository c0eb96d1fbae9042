/** Guesses out of the text itself (Saxena, "Prompt lookup decoding", 2023): what followed the last words where they stood before. */
import type { Guess } from './options.js';

/** As many tokens as one checks at once, beside the one that is known. */
export const MOST_GUESSED = 7;
const LONGEST = 3;

/** What followed the last time that the text had its last 3, 2 or 1 tokens. */
export const lookup: Guess = (tokens) => {
  for (let length = Math.min(LONGEST, tokens.length - 1); length > 0; length--) {
    const end = tokens.slice(-length);
    for (let start = tokens.length - length - 1; start >= 0; start--)
      if (end.every((token, i) => tokens[start + i] === token))
        return tokens.slice(start + length, start + length + MOST_GUESSED);
  }
  return [];
};
