// `npm run site`: builds the site into out/site and serves it, with the headers that let WebAssembly have threads.
// `--build` builds only, `--port N` says where it is served. Both are functions for the tests.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { parseArgs } from 'node:util';
import { alias } from './site-alias.mjs';

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** The schema of configs without its descriptions, which are for editors. */
const schema = {
  name: 'schema',
  load: (id) =>
    id === path('config.schema.json')
      ? JSON.stringify(JSON.parse(readFileSync(id, 'utf8')), (key, value) =>
          key === 'description' && typeof value === 'string' ? undefined : value,
        )
      : undefined,
};

const config = (folder) => ({
  configFile: false,
  root: path('web/site'),
  base: './',
  logLevel: 'warn',
  assetsInclude: ['**/*.onnx'],
  plugins: [schema],
  resolve: { alias },
  worker: { format: 'es', plugins: () => [schema] },
  build: { outDir: folder, emptyOutDir: true, target: 'es2023', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1500, rollupOptions: { checks: { pluginTimings: false } } },
}); // prettier-ignore

export const buildSite = (folder = path('out/site')) => build(config(folder));

/** Serves what was built. */
export function serveSite(folder = path('out/site'), port = 4173) {
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  return preview({ ...config(folder), preview: { port, host: '127.0.0.1', headers } });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { build: { type: 'boolean' }, port: { type: 'string', default: '4173' } } }); // prettier-ignore
  await buildSite();
  if (values.build !== true) {
    const { resolvedUrls } = await serveSite(undefined, Number(values.port));
    console.log(`The site is at ${resolvedUrls.local[0]}; Ctrl-C ends it.`);
  }
}
