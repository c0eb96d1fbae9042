/** The transcripts of docs/when-a-model-differs.md, run again. */
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { writeNpy } from '../../src/data/npy.js';
import { readTensorProto } from '../../src/frontends/onnx/index.js';
import { commandLine, DATA, DEVICE, MODEL } from '../cli/support.js';

const page = readFileSync(new URL('../../docs/when-a-model-differs.md', import.meta.url), 'utf8');
const blockOf = (pattern: RegExp): string => pattern.exec(page)?.[1] ?? '';

/** What stands below a command, without the lines that stand for others. */
const transcript = (data: string): string[] =>
  blockOf(new RegExp(`^\`\`\`\\n\\$ heddle verify digits\\.onnx --data ${data} .*\\n([^]*?)^\`\`\`$`, 'm'))
    .trimEnd()
    .split('\n')
    .filter((line) => line.trim() !== '...');

const cli = commandLine();

/** What `verify` prints in the folder of the page; its names are those of the page. */
async function verify(data: string, env = {}): Promise<{ code: number | null; lines: string[] }> {
  copyFileSync(MODEL, cli.path('digits.onnx'));
  const { code, stdout } = await cli.run(['verify', cli.path('digits.onnx'), '--data', cli.path(data), ...DEVICE], env); // prettier-ignore
  return { code, lines: stdout.replaceAll(`${cli.folder}/`, '').split('\n') };
}

test('outputs that are not those of the file', async () => {
  for (const name of ['bytes', 'data']) mkdirSync(cli.path(name));
  const input = readFileSync(join(DATA, 'input_0.pb'));
  writeFileSync(join(cli.path('data'), 'input_0.pb'), input);
  const { tensor } = readTensorProto(input);
  const bytes = Float32Array.from(tensor.data, (x) => x * 255);
  writeFileSync(
    join(cli.path('bytes'), 'image.npy'),
    writeNpy({ dtype: 'f32', shape: tensor.shape, data: bytes }),
  );
  const other = ['--data', cli.path('bytes'), '--device', 'reference', '--save', cli.path('data')];
  expect((await cli.run(['run', MODEL, ...other])).code).toBe(0);
  const { code, lines } = await verify('data');
  expect(code).toBe(1);
  const shown = transcript('data');
  expect(shown.length).toBeGreaterThan(4);
  expect(lines).toEqual(expect.arrayContaining(shown));
});

test('a driver that reads a wrong element', async () => {
  cpSync(DATA, cli.path('digits-data'), { recursive: true });
  const fault = join(dirname(cli.main), 'fault.mjs');
  writeFileSync(fault, blockOf(/^```js\n([^]*?)^```$/m));
  const { code, lines } = await verify('digits-data', { NODE_OPTIONS: `--import=${fault}` });
  expect(code).toBe(1);
  const shown = transcript('digits-data');
  expect(shown.length).toBeGreaterThan(10);
  expect(lines).toEqual(expect.arrayContaining(shown));
});
