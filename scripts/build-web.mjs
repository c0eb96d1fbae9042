// Bundles the inspector of web/ into one HTML file, FOLDER/inspector/index.html, into which a report is put. It loads nothing:
// its content security policy names the hashes of what stands in it. Beside it stands worker.js, for pages that `heddle view` serves.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { alias } from './site-alias.mjs';

const root = fileURLToPath(new URL('../web', import.meta.url));

/** Where the report goes. */
const SLOT = '<script type="text/plain" id="report"></script>';

const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The script and the styles of an entry. */
async function bundle(entry) {
  const [{ output }] = [
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      build: {
        write: false,
        target: 'es2023',
        cssCodeSplit: false,
        modulePreload: false,
        rollupOptions: { input: join(root, entry) },
      },
    }),
  ].flat();
  const chunks = output.filter(({ type }) => type === 'chunk');
  if (chunks.length !== 1) throw new Error(`${entry} is several chunks: ${chunks.map(({ fileName }) => fileName).join(', ')}`); // prettier-ignore
  const styles = output.filter(({ fileName }) => fileName.endsWith('.css')).map(({ source }) => source);
  // What would end a script in a page, or begin a comment there, is written otherwise: it stands in strings and patterns only.
  const script = chunks[0].code.trim().replaceAll('<!--', '<\\!--').replaceAll('</script', '<\\/script');
  return { script, style: styles.join('\n').trim() };
}

/** Bundles a worker of `entry` as FOLDER/inspector/worker.js. */
export async function buildWorker(folder, entry = join(root, 'inspector/lab-worker.ts')) {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    resolve: { alias },
    build: {
      outDir: join(folder, 'inspector'),
      emptyOutDir: false,
      target: 'es2023',
      modulePreload: false,
      chunkSizeWarningLimit: 1500,
      rollupOptions: {
        input: entry,
        output: { entryFileNames: 'worker.js', codeSplitting: false },
        checks: { pluginTimings: false },
      },
    },
  });
}

/** Writes the page, and says how large it is. */
export async function buildInspector(folder) {
  const { script, style } = await bundle('inspector/main.tsx');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'worker-src blob: data:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Heddle</title>
<style>${style}</style>
</head>
<body>
<div id="root"></div>
${SLOT}
<script type="module">${script}</script>
</body>
</html>
`;
  const target = join(folder, 'inspector');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'index.html'), page);
  return page;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? 'dist');
  const page = await buildInspector(folder);
  await buildWorker(folder);
  console.log(`inspector: ${page.length} characters`);
}
