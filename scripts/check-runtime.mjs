// `heddle/runtime`, `heddle/runtime/dynamic` and `heddle/runtime/wasm` load an artifact in a page or in Node without the compiler: what they reach at
// run time must stay within the folders below, and use no package. Type-only imports do not count; esbuild drops them.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const allowed = [
  'src/loader/',
  'src/runtime/',
  'src/device/open.ts',
  'src/device/probe/',
  'src/plan/',
  'src/numerics/',
  'src/base/',
];

const { metafile } = await build({
  absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
  entryPoints: ['src/loader/index.ts', 'src/loader/dynamic.ts', 'src/loader/wasm.ts'],
  outdir: 'none',
  bundle: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'neutral',
  packages: 'external',
  logLevel: 'error',
});

const wrong = [];
for (const [file, { imports }] of Object.entries(metafile.inputs)) {
  for (const { path, external } of imports) {
    if (external || !allowed.some((folder) => path.startsWith(folder))) wrong.push(`${file} imports ${path}`);
  }
}
for (const line of wrong) console.error(`heddle/runtime must not need it: ${line}`);
if (wrong.length > 0) process.exit(1);
console.log(
  `heddle/runtime: ${Object.keys(metafile.inputs).length} modules, all within ${allowed.join(', ')}`,
);
