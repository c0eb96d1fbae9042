/** The interface described by its types, and shown by the command line. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeApi, modulesOf } from '../../scripts/api.mjs';
import { commandLine } from './support.js';

const cli = commandLine();
const modules = modulesOf('src', '.ts');
/** One module: a program of all takes long. */
const api = describeApi(modules.filter(([name]) => name === 'heddle/plot'));

describe('the description', () => {
  test('has every module of the package', () => {
    const names = modules.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['heddle', 'heddle/config', 'heddle/onnx', 'heddle/runtime/wasm']),
    );
    expect(names).not.toContain('heddle/package.json');
  });

  test('has exports with their kinds, parameters, results and sentences', () => {
    const exports = api.modules[0].exports;
    const one = (name: string): unknown => exports.find((each) => each.name === name);
    expect(exports.map(({ name }) => name)).toEqual([...exports.map(({ name }) => name)].sort());
    expect(one('lossCurve')).toEqual({
      kind: 'function',
      name: 'lossCurve',
      about: 'The plot as the text of an SVG file.',
      signatures: [{ parameters: [{ name: 'curve', type: 'LossCurve' }], returns: 'string' }],
    });
    expect(one('LossCurve')).toMatchObject({
      kind: 'interface',
      members: expect.arrayContaining([
        {
          name: 'yScale',
          about: 'Linear unless given.',
          optional: true,
          type: '"linear" | "log" | undefined',
        },
      ]) as unknown,
    });
  });
});

describe('heddle api', { timeout: 60_000 }, () => {
  // Hooks run in their order: the command line is there by now.
  beforeAll(() => writeFileSync(join(dirname(cli.main), '../api.json'), JSON.stringify(api)));

  test('prints it', async () => {
    const whole = await cli.json(['api']);
    expect([whole.code, whole.stderr]).toEqual([0, '']);
    expect(whole.result).toMatchObject({ version: 1, modules: [{ name: 'heddle/plot' }] });
    const one = await cli.run(['api', 'lossCurve']);
    expect(one.stdout).toContain('lossCurve(curve: LossCurve): string');
    const member = await cli.run(['api', 'LossCurve.yScale']);
    expect(member.stdout).toMatch(/heddle\/plot\.LossCurve: member yScale\n {2}Linear unless given\./);
    const none = await cli.run(['api', 'lossCurv']);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringMatching(/VALUE_UNKNOWN[^]*did you mean [lL]ossCurve/),
    ]);
  });
});
