/** What `heddle view` serves: the page, and where there is a program, the worker that measures it in the browser. */
import { createServer, type Server } from 'node:http';
import type { Program } from '../../ir/graph.js';
import { builtFile, inspectionPage } from '../reports/inspection/page.js';
import { writeProgram } from '../reports/inspection/program-file.js';
import type { InspectionReport } from '../reports/inspection/types.js';

export interface LookedAt {
  readonly report: InspectionReport;
  /** Before the passes; undefined for a bundle that does not carry its graph. */
  readonly program: Program | undefined;
}

interface Served {
  readonly type: string;
  content(): string | Uint8Array;
}

/** Isolated, so that WebAssembly has threads; and for no other page. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** `template`: the page in the package; the worker is beside it. Throws FILE_UNREADABLE where the package was not built. */
export function viewServer(template: URL, { report, program }: LookedAt): Server {
  const names = { worker: 'worker.js', model: 'model.safetensors' } as const;
  const page = inspectionPage(template, report, program && names);
  const files: Readonly<Record<string, Served>> = {
    '/': { type: 'text/html; charset=utf-8', content: () => page },
    ...(program && {
      [`/${names.worker}`]: {
        type: 'text/javascript',
        content: () => builtFile(new URL(names.worker, template)),
      },
      [`/${names.model}`]: { type: 'application/octet-stream', content: () => writeProgram(program) },
    }),
  };
  return createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = request.method === 'GET' && Object.hasOwn(files, pathname) ? files[pathname] : undefined;
    response.writeHead(file === undefined ? 404 : 200, {
      ...HEADERS,
      'content-type': file?.type ?? 'text/plain',
    });
    response.end(file?.content() ?? 'not found\n');
  });
}
