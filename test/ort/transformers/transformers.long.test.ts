/**
 * Heddle as the runtime of @huggingface/transformers: programs of three pipelines give what onnxruntime-node gives. The package is
 * large, so it is taken from the folder that HEDDLE_TRANSFORMERS names: `npm install @huggingface/transformers@4.3` there.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { writeModels } from './models.mjs';

const folder = process.env.HEDDLE_TRANSFORMERS;
const local = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

interface Results {
  readonly text: readonly (readonly { readonly label: string; readonly score: number }[])[];
  readonly image: readonly { readonly label: string; readonly score: number }[];
  readonly written: readonly { readonly generated_text: string }[];
}

function run(models: string, ...register: readonly string[]): Results {
  const library = join(folder!, 'node_modules/@huggingface/transformers/dist/transformers.node.mjs');
  const output = execFileSync(process.execPath, [local('program.mjs'), library, models, ...register], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Results;
}

test.runIf(folder !== undefined)('a text, a vision and a generating pipeline (HEDDLE_TRANSFORMERS)', () => {
  const models = mkdtempSync(join(tmpdir(), 'heddle-transformers-'));
  try {
    writeModels(models);
    const theirs = run(models);
    const ours = run(models, local('../../../dist/ort/register-node.js'));
    const labels = (list: Results['image']): string[] => list.map(({ label }) => label);
    expect(ours.written).toEqual(theirs.written);
    expect(ours.text.map(labels)).toEqual(theirs.text.map(labels));
    expect(labels(ours.image)).toEqual(labels(theirs.image));
    [...ours.text.flat(), ...ours.image].forEach(({ score }, i) =>
      expect(score).toBeCloseTo([...theirs.text.flat(), ...theirs.image][i].score, 6),
    );
  } finally {
    rmSync(models, { recursive: true });
  }
});
