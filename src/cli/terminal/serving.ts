/** Servers of the command line: they listen until the process is told to end. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HeddleError } from '../../base/errors.js';

export interface Address {
  /** 0 for a free port. */
  readonly port: number;
  readonly host: string;
}

/** The origin at which the server listens from now on, `http://HOST:PORT`. Throws USAGE where it cannot. */
export async function listen(server: Server, { port, host }: Address): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new HeddleError('USAGE', 'the server cannot listen', {
          where: `${host}:${port}`,
          found: cause.message,
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

/** Resolves when the process was told to end, and the server has. */
export function untilTold(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      server.close(() => resolve());
      server.closeAllConnections();
    };
    process.once('SIGINT', end);
    process.once('SIGTERM', end);
  });
}
