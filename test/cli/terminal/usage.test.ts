import { expect, test } from 'vitest';
import { usageText, withPresentNames } from '../../../src/cli/terminal/usage.js';

test.each([
  ['run', "error: unknown command 'rnu'\n(Did you mean run?)\n", 'did you mean run?'],
  ['run', "error: unknown option '--rp'\n(Did you mean one of --a, --b?)", 'did you mean --a, --b?'],
  ['run', "error: required option '--data <source>' not specified", 'for example --data random:1'],
  ['train', "error: unknown option '--lr'", 'did you mean --rate?'],
  ['train', "error: unknown option '--batch-size'\n(Did you mean --x?)", 'did you mean --batch?'],
  ['compile', "error: required option '-o, --out <file>' not specified", 'for example -o model.heddle'],
  ['train', "error: required option '--data <file>' not specified", 'for example --data images.npy'],
  [
    'inspect',
    "error: option '--target <kind>' argument 'sofware' is invalid. Allowed choices are gpu, software, wasm, auto.",
    'did you mean software?',
  ],
  [
    'run',
    "error: option '--device <name>' argument 'webgup:swift' is invalid. It is reference, wasm, wasm:THREADS, webgpu, or webgpu:NAME.",
    'did you mean webgpu:swift?',
  ],
  [
    'compile',
    "error: option '--target <kinds>' argument 'sofware' is invalid. It is webgpu, gpu, software, auto, or one of them with wasm: webgpu,wasm.",
    'did you mean software?',
  ],
])('a hint for %s: %s', (verb, message, hint) => {
  expect(usageText(message, verb)).toBe(`${message.split('\n')[0]}\n  hint:     ${hint}`);
});

test('and none where there is nothing to say', () => {
  expect(
    usageText(
      "error: option '--epochs <n>' argument 'whale' is invalid. It is a whole number from 1 to 999,999.",
      'train',
    ),
  ).not.toContain('hint');
  expect(usageText("error: unknown option '--lr'\n", 'run')).toBe("error: unknown option '--lr'");
  expect(usageText("error: required option '--data <file>' not specified", 'doctor')).not.toContain('hint');
});

test('options are known by their former names, too', () => {
  const edit = ['edit', 'm.onnx', '--output', 'relu1', '--output=relu2', '-o', 'n.onnx'];
  expect(withPresentNames(edit).join(' ')).toBe(
    'edit m.onnx --add-output relu1 --add-output=relu2 -o n.onnx',
  );
  expect(withPresentNames(['compile', '--output', 'x', '--', '--output'])).toEqual(
    ['compile', '--out', 'x', '--', '--output'], // prettier-ignore
  );
  expect(withPresentNames(['run', '--output'])).toEqual(['run', '--output']);
  expect(withPresentNames([])).toEqual([]);
});
