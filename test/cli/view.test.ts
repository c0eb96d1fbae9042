/** The inspector's page: written as a file, and served. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildInspector, buildWorker } from '../../scripts/build-web.mjs';
import { readProgram } from '../../src/cli/reports/inspection/program-file.js';
import type { InspectionReport } from '../../src/cli/reports/inspection/types.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { printGraph } from '../../src/ir/print.js';
import { commandLine, MODEL } from './support.js';

const cli = commandLine();
const dist = join(dirname(cli.main), '..');
beforeAll(async () => {
  await buildInspector(dist);
  await buildWorker(dist);
});

const reportIn = (page: string): InspectionReport => {
  const [, packed] = /<script type="text\/plain" id="report"[^>]*>([^<]*)<\/script>/.exec(page)!;
  return JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString()) as InspectionReport;
};

describe('the page', () => {
  test('is one file that holds the report and loads nothing', async () => {
    const html = cli.path('digits.html');
    const { code, result } = await cli.json(['inspect', MODEL, '--target', 'gpu', '--html', html]);
    const page = readFileSync(html, 'utf8');
    expect([code, result]).toEqual([0, { model: MODEL, html, bytes: Buffer.byteLength(page), notes: [] }]);
    expect(reportIn(page)).toMatchObject({ version: 1, model: { name: 'digits.onnx' } });
    expect(page).not.toMatch(/\b(?:src|href)="(?!data:)/);
    expect(page).not.toMatch(/https?:(?!\/\/(?:www\.w3\.org|heddle))/);
    // The policy names what stands in the page, by its hash, and nothing else.
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(page)!;
    const [, style] = /<style>([^]*?)<\/style>/.exec(page)!;
    const [, script] = /<script type="module">([^]*?)<\/script>/.exec(page)!;
    for (const text of [style, script])
      expect(policy).toContain(`'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    expect(policy).toMatch(/^default-src 'none'; /);
    expect(policy).not.toContain('unsafe');
  });

  test('is served until the process is told to end', async () => {
    const child = spawn(process.execPath, [cli.main, 'view', MODEL, '--no-open', '--target', 'gpu'], { stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    let printed = '';
    const url = await new Promise<string>((resolve) =>
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
        const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed);
        if (found !== null) resolve(found[0]);
      }),
    );
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const page = await answer.text();
    expect(reportIn(page).model.name).toBe('digits.onnx');
    // The page may start the server's worker, and that finds the model.
    expect(page).toMatch(/worker-src blob: data: 'self';/);
    const [, worker, model] = /data-worker="([^"]*)" data-model="([^"]*)"/.exec(page)!;
    expect((await fetch(`${url}${worker}`)).headers.get('content-type')).toBe('text/javascript');
    const program = readProgram(new Uint8Array(await (await fetch(`${url}${model}`)).arrayBuffer()));
    expect(printGraph(program.graph)).toBe(printGraph(importOnnx(readFileSync(MODEL)).graph));
    expect((await fetch(`${url}other`)).status).toBe(404);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  test('has messages for what cannot be', async () => {
    const html = cli.path('none.html');
    const both = await cli.json(['inspect', MODEL, '--html', html, '--ir']);
    expect(both.result).toMatchObject({ error: { code: 'USAGE', found: '--ir' } });
    const over = await cli.json(['inspect', MODEL, '--target', 'gpu', '--html', MODEL]);
    expect(over.result).toMatchObject({ error: { code: 'USAGE', where: '--html' } });
    renameSync(join(dist, 'inspector'), join(dist, 'away'));
    try {
      const missing = await cli.json(['inspect', MODEL, '--target', 'gpu', '--html', html]);
      expect(missing.result).toMatchObject({ error: { code: 'FILE_UNREADABLE' } });
      expect(missing.stdout).toContain('npm run build');
    } finally {
      renameSync(join(dist, 'away'), join(dist, 'inspector'));
    }
    expect(existsSync(html)).toBe(false);
  });
});
