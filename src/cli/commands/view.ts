/** `heddle inspect --html` and `heddle view`: a model as a page to look at. Needs no GPU. */
import { spawn } from 'node:child_process';
import { HeddleError } from '../../base/errors.js';
import { writeBytes } from '../files/files.js';
import { keepInputs } from '../files/outputs.js';
import { requireBound } from '../models/model.js';
import { openModel } from '../models/open.js';
import { inspectionPage } from '../reports/inspection/page.js';
import { inspectionOf } from '../reports/inspection/report.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { bytes } from '../terminal/format.js';
import { Output } from '../terminal/output.js';
import { listen, untilTold, type Address } from '../terminal/serving.js';
import { targetFor, type InspectOptions } from './inspect.js';
import { viewServer, type LookedAt } from './view-server.js';

export interface ViewOptions extends InspectOptions, Address {
  /** Whether the browser is opened. */
  readonly open: boolean;
}

/** The options of inspect that print something, which a page has anyway. */
const PRINTING = ['ir', 'values', 'groups', 'explain', 'wgsl', 'wat', 'prelude', 'memory'] as const;

/** Writes the page. `template`: the file of the package that a report is put into. Throws USAGE, DIM_UNBOUND, FILE_UNWRITABLE. */
export async function inspectHtml(
  path: string,
  html: string,
  options: InspectOptions,
  template: URL,
): Promise<ExitCode> {
  for (const name of PRINTING)
    if (options[name] !== undefined)
      throw new HeddleError('USAGE', '--html writes all that inspect shows', { found: `--${name}`, where: '--html' }); // prettier-ignore
  keepInputs('--html', [html], [path, options.seededWeights, options.weights]);
  const output = new Output(options.json === true);
  const page = new TextEncoder().encode(
    inspectionPage(template, (await lookedAt(path, options, output)).report),
  );
  writeBytes(html, page);
  output.result({ model: path, html, bytes: page.length });
  output.print(`${path} -> ${html}: ${bytes(page.length)}; it needs no network.`);
  return EXIT.ok;
}

/** Serves the page until the process is told to end. */
export async function view(path: string, options: ViewOptions, template: URL): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const server = viewServer(template, await lookedAt(path, options, output), options.host);
  const url = `${await listen(server, options)}/`;
  output.print(`  ${path} is at ${url} (Ctrl-C ends it)`);
  output.result({ model: path, url });
  if (options.open) openBrowser(url);
  await untilTold(server);
  return EXIT.ok;
}

async function lookedAt(path: string, options: InspectOptions, output: Output): Promise<LookedAt> {
  const model = await openModel(path, options);
  requireBound(model);
  const target = await targetFor(model, options);
  if (model.warning !== undefined) output.note(model.warning);
  const runnable = model.prepare(target ?? 'gpu');
  return { report: inspectionOf(model, runnable), program: runnable.prepared?.original };
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens a browser, where there is one. Where there is none, the address is on the screen. */
function openBrowser(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opener.once('error', () => {});
  opener.unref();
}
