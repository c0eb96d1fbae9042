/** What `heddle view` serves: the page, and where there is a program, the worker that measures it in the browser. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { HeddleError } from '../../base/errors.js';
import type { Program } from '../../ir/graph.js';
import { builtFile, inspectionPage } from '../reports/inspection/page.js';
import { writeProgram } from '../reports/inspection/program-file.js';
import type { InspectionReport } from '../reports/inspection/types.js';
import { authority, isAskedOf } from '../terminal/serving.js';

export interface LookedAt {
  readonly report: InspectionReport;
  /** Before the passes; undefined for a bundle that does not carry its graph. */
  readonly program: Program | undefined;
}

type Content = string | Uint8Array;

interface Served {
  readonly type: string;
  /** Throws what stops the content from being made. */
  content(): Content;
}

interface Answer {
  readonly status: 200 | 403 | 404 | 500;
  readonly type: string;
  readonly content: Content;
}

/** Isolated, so that WebAssembly has threads; and for no other page. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * The server, which answers only requests for `host` and for this machine: the page of another site whose name was pointed here cannot
 * read the model. `template`: the page in the package; the worker is beside it. Throws FILE_UNREADABLE where the package was not built.
 */
export function viewServer(template: URL, { report, program }: LookedAt, host: string): Server {
  const names = { worker: 'worker.js', model: 'model.safetensors' } as const;
  const page = inspectionPage(template, report, program && names);
  const files: Readonly<Record<string, Served>> = {
    '/': { type: 'text/html; charset=utf-8', content: () => page },
    ...(program && modelFiles(names, builtFile(new URL(names.worker, template)), program)),
  };
  return createServer((request, response) => {
    const { status, type, content } = answerTo(request, host, files);
    response.writeHead(status, { ...HEADERS, 'content-type': type });
    response.end(content);
  });
}

/** The program is serialised when it is first asked for, and then kept. */
function modelFiles(
  names: { readonly worker: string; readonly model: string },
  worker: string,
  program: Program,
): Readonly<Record<string, Served>> {
  let written: Uint8Array | undefined;
  return {
    [`/${names.worker}`]: { type: 'text/javascript', content: () => worker },
    [`/${names.model}`]: {
      type: 'application/octet-stream',
      content: () => (written ??= writeProgram(program)),
    },
  };
}

function answerTo(request: IncomingMessage, host: string, files: Readonly<Record<string, Served>>): Answer {
  if (!isAskedOf(request, host))
    return inWords(403, `not a name of this server; it is at http://${authority(host, request.socket.localPort)}/`); // prettier-ignore
  const [path] = (request.url ?? '/').split('?', 1);
  if (request.method !== 'GET' || !Object.hasOwn(files, path)) return inWords(404, 'not found');
  const { type, content } = files[path];
  try {
    return { status: 200, type, content: content() };
  } catch (error) {
    return inWords(500, error instanceof HeddleError ? error.message : String(error));
  }
}

const inWords = (status: 403 | 404 | 500, words: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  content: `${words}\n`,
});
