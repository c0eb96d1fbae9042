/** The program of README's section on language models runs on the model of the data folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithStories, STORIES } from './support/models.js';

const [, section] = /### Language models\n(.*?)\n### /s.exec(readFileSync('README.md', 'utf8'))!;
const program = section.split('\n').filter((line) => line.startsWith('    ')).map((line) => line.slice(4)).join('\n'); // prettier-ignore

it('there is a program', () => {
  expect(program).toMatch(/^import \{ loadModel \}/);
});

describeWithStories('README on language models', () => {
  it('prints a story', () => {
    // Below node_modules, so that imports are found.
    mkdirSync('node_modules/.cache', { recursive: true });
    const folder = mkdtempSync(join('node_modules/.cache', 'readme-llm-'));
    try {
      const file = join(folder, 'program.mts');
      const source = JSON.stringify(join(process.cwd(), 'src/llm/index.ts'));
      writeFileSync(file, program.replace("'heddle/llm'", source));
      const text = execFileSync(process.execPath, ['--import', 'tsx', file, STORIES], { encoding: 'utf8' });
      expect(text).toMatch(/^, there was a little girl named Lily\..*\n64 tokens\n$/s);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
