/**
 * Text of others, such as names out of files, for people to read. What would move the cursor, end the line, change the order
 * of characters or not be seen at all is written as its code, `\u202e`, or as in JSON, `\n`.
 */

/** Control characters of both sets, formats (bidirectional ones among them), separators of lines, halves of pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` on one line. In JSON, what comes out means the same. */
export const printable = (text: string): string =>
  text.replaceAll(UNPRINTABLE, (character) => SHORT[character] ?? codes(character));

/** Texts of several lines, of which each is made printable. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** A string in quotes, as JSON has it, on one line. */
export const quoted = (text: string): string => printable(JSON.stringify(text));

/** `text` as one argument of a command, whatever is in it. */
export const shellWord = (text: string): string =>
  /^[\w.:/=@-]+$/.test(text) ? text : `'${printable(text).replaceAll("'", `'\\''`)}'`;

/** As JSON writes it: a code for each half of a pair. */
const codes = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }).join('');
