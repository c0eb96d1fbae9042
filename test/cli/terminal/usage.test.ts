import { expect, test } from 'vitest';
import { usageText } from '../../../src/cli/terminal/usage.js';

test.each([
  ['run', "error: unknown command 'rnu'\n(Did you mean run?)\n", 'did you mean run?'],
  ['run', "error: unknown option '--rp'\n(Did you mean one of --a, --b?)", 'did you mean --a, --b?'],
  ['run', "error: required option '--data <source>' not specified", 'for example --data random:1'],
  ['train', "error: unknown option '--lr'", 'did you mean --rate?'],
  ['train', "error: unknown option '--batch-size'\n(Did you mean --x?)", 'did you mean --batch?'],
])('a hint for %s: %s', (verb, message, hint) => {
  expect(usageText(message, verb)).toBe(`${message.split('\n')[0]}\n  hint:     ${hint}`);
});

test('and none where there is nothing to say', () => {
  expect(usageText("error: unknown option '--lr'\n", 'run')).toBe("error: unknown option '--lr'");
  expect(usageText("error: required option '--data <file>' not specified", 'train')).not.toContain('random');
});
