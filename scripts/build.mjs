// Compiles src/ to dist/, or to the folder in the argument, from scratch, makes the declarations complete, describes them as JSON, and
// bundles the page of the inspector. What was there stays until the new one is whole.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeApi, modulesOf } from './api.mjs';
import { buildInspector, buildWorker } from './build-web.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(root, process.argv[2] ?? 'dist');
const dist = `${target}.${process.pid}.tmp`;
const require = createRequire(import.meta.url);

process.on('exit', () => rmSync(dist, { recursive: true, force: true }));
const { status } = spawnSync(
  process.execPath,
  [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.json', '--outDir', dist],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
chmodSync(`${dist}/cli/main.js`, 0o755);
declareAmbient();
writeFileSync(`${dist}/api.json`, JSON.stringify(describeApi(modulesOf(dist))));
await buildInspector(dist);
await buildWorker(dist);
rmSync(target, { recursive: true, force: true });
renameSync(dist, target);
linkCommand();

/**
 * The declarations name interfaces of WebGPU and WebAssembly, which a project may have from the DOM library, from @webgpu/types or not at
 * all. Each is declared once more, all but empty: that merges with the real one where there is one, and the project
 * compiles where there is none. (@webgpu/types as a dependency would not do: it needs the DOM library itself.)
 */
function declareAmbient() {
  const interfaces = new Set(
    [
      ...readFileSync(require.resolve('@webgpu/types/dist/index.d.ts'), 'utf8').matchAll(
        /^interface (\w+)/gm,
      ),
    ].map(([, name]) => name),
  );
  const names = new Set();
  const wasmNames = new Set();
  for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
    const path = join(dist, file);
    const text = readFileSync(path, 'utf8');
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const mentioned = code.match(/\bGPU(?:[A-Z]\w*)?\b/g) ?? [];
    const ofWasm = [...code.matchAll(/\bWebAssembly\.(\w+)/g)].map(([, name]) => name);
    for (const name of ofWasm) wasmNames.add(name);
    if (mentioned.length === 0 && ofWasm.length === 0 && !code.includes('[Symbol.dispose]')) continue;
    for (const name of mentioned) {
      if (!interfaces.has(name)) throw new Error(`${file}: ${name} is not an interface of WebGPU`);
      names.add(name);
    }
    const ambient = relative(dirname(path), join(dist, 'ambient.d.ts')).replaceAll('\\', '/');
    writeFileSync(
      path,
      `/// <reference path="${ambient.startsWith('.') ? ambient : `./${ambient}`}" />\n${text}`,
    );
  }
  // What is opened has to be closed, with these types or without.
  const members = { GPUDevice: 'destroy(): void;' };
  const lines = [...names].sort().map((name) => `interface ${name} { ${members[name] ?? ''} }`);
  writeFileSync(
    join(dist, 'ambient.d.ts'),
    [
      "/** For projects without WebGPU's types: all but empty here, whole with @webgpu/types or the DOM library. */",
      ...lines,
      "/** The same for WebAssembly's, which Node's types lack. */",
      `declare namespace WebAssembly { ${[...wasmNames]
        .sort()
        .map((name) => `interface ${name} {  }`)
        .join(' ')} }`,
      '/** For projects whose library is older than `using`. */',
      'interface SymbolConstructor { readonly dispose: unique symbol; }',
      '',
    ].join('\n'),
  );
}

/** `npx heddle` in a clone finds the command at once, without packing the folder into npm's cache first. */
function linkCommand() {
  const folder = join(root, 'node_modules/.bin');
  if (target !== join(root, 'dist') || process.platform === 'win32' || !existsSync(folder)) return;
  const link = join(folder, 'heddle');
  rmSync(link, { force: true });
  symlinkSync('../../dist/cli/main.js', link);
}
