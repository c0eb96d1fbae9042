/** Servers of the command line: they listen until the process is told to end. */
import type { IncomingMessage, Server } from 'node:http';
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
  return `http://${authority(host, (server.address() as AddressInfo).port)}`;
}

/** Host and port as an address has them: IPv6 in brackets, and no port where it is that of HTTP. */
export const authority = (host: string, port: number | undefined): string =>
  `${host.includes(':') ? `[${host}]` : host}${port === undefined || port === 80 ? '' : `:${port}`}`;

/** Names of this machine that no name server gives. */
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '::1'];

/**
 * Whether a request is for a server that listens at `host`: it names that, this machine, or the address that it came to, with the port.
 * One that came by another name is of a page whose name was pointed here (DNS rebinding).
 */
export function isAskedOf(
  { headers, socket: { localAddress = '', localPort } }: IncomingMessage,
  host: string,
): boolean {
  // A socket of both protocols writes addresses of IPv4 as those of IPv6.
  const cameTo = localAddress.replace(/^::ffff:(?=[\d.]+$)/, '');
  const asked = headers.host?.toLowerCase();
  return [...LOOPBACK, host.toLowerCase(), cameTo].some((name) => {
    const own = authority(name, localPort);
    return asked === own || (localPort === 80 && asked === `${own}:80`);
  });
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
