/** What docs/architecture.md says of the pipeline and the layers is what they are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { describeStages } from '../../src/cli/reports/explain.js';
import { prepare } from '../../src/compile.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';

const file = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const page = readFileSync(file('docs/architecture.md'), 'utf8');

test('the stages, and what they make of the digits', () => {
  const [, shown] = /<!-- stages of models\/digits\.onnx -->\s*```\n([^`]*)```/.exec(page)!;
  const prepared = prepare(importOnnx(readFileSync(file('models/digits.onnx'))));
  expect(shown.trimEnd()).toBe(describeStages(prepared, false));
});

test('the layers, lowest first', () => {
  const [, list] = /lowest first: ([^(]*) \(`scripts\/layers\.cjs`\)/.exec(page)!;
  const layers = createRequire(import.meta.url)(file('scripts/layers.cjs').pathname) as string[];
  expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(layers);
});

/** The files that the steps below a heading name: `src/plan/{wasm,container}.ts` are two. */
function filesBelow(heading: string): readonly string[] {
  const [, steps] = new RegExp(`\n#+ ${heading}\n[^]*?\n(1\\. [^]*?)\n\n`).exec(page)!;
  return [...steps.matchAll(/`((?:src|test)\/[^`]*)`/g)].flatMap(([, path]) => {
    const [, before, names, after] = /^([^{]*)\{(.*)\}(.*)$/.exec(path) ?? [];
    return before === undefined ? [path] : names.split(',').map((name) => before + name + after);
  });
}

/** Files without their comments and the paths of their imports. */
const SOURCES: readonly (readonly [path: string, code: string])[] = ['src', 'test'].flatMap((folder) =>
  readdirSync(file(folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .map((path) => [
      path,
      readFileSync(file(path), 'utf8').replace(/\/\*[^]*?\*\/|\/\/.*$|\bfrom '.*'/gm, ''),
    ]),
);

/** What uses ops, and is no place to add one. */
const USES = /^src\/(compose|learn|llm|quantize|tensor|frontends\/onnx\/ops)\//;

test.each([
  ['A scalar op', /\bpow\b/, USES],
  ['A structural op', /argsort/i, USES],
  // Decoders of images are WebAssembly, too, which is no engine: @cwasm.
  ['How to add an engine', /(?<!@c)wasm/i, undefined],
])('the files of "%s"', (heading, specimen, uses) => {
  const listed = filesBelow(heading);
  expect(listed.filter((path) => !existsSync(file(path)))).toEqual([]);
  const found = SOURCES.filter(([path, code]) => specimen.test(path) || specimen.test(code)).map(
    ([path]) => path,
  );
  const covers = (list: string, path: string): boolean => path === list || path.startsWith(`${list}/`);
  const unlisted = found.filter((path) => path.startsWith('src/') && uses?.test(path) !== true);
  expect(unlisted.filter((path) => !listed.some((list) => covers(list, path)))).toEqual([]);
  expect(listed.filter((list) => !found.some((path) => covers(list, path)))).toEqual([]);
});
