/** The program of README's section on language models runs on the model of the data folder. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
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
    const folder = mkdtempSync(join('node_modules/.cache', 'readme-llm-'));
    const file = join(folder, 'program.mts');
    writeFileSync(
      file,
      program.replace("'heddle/llm'", JSON.stringify(join(process.cwd(), 'src/llm/index.ts'))),
    );
    const text = execFileSync(process.execPath, ['--import', 'tsx', file, STORIES], { encoding: 'utf8' });
    expect(text).toMatch(/^, there was a little girl named Lily\..*\n64 tokens\n$/s);
  });
});
