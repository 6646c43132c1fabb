import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Server } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import { Logger } from '@nestjs/common';

/** What a server listens on when it is told all addresses, and where a check beside it reaches that. */
const REACHED_AT: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * Leaves the URL of the liveness check in a file, for `check-health.js`. The check cannot take it from the configuration, which
 * may have changed since the gateway began to listen. A file that cannot be written costs the check, and never the gateway.
 *
 * @param server listens
 * @param path from `GATEWAY_HEALTH_FILE`; none if nobody checks
 */
export function leaveHealthUrl(server: Server, isTls: boolean, path: string | undefined): void {
  if (!path) return;
  const { address, port } = server.address() as AddressInfo;
  const host = REACHED_AT[address] ?? address;
  const url = `${isTls ? 'https' : 'http'}://${isIPv6(host) ? `[${host}]` : host}:${port}/health/live`;
  try {
    // Whole at each moment, since the workers write it one after the other while the check reads it.
    const written = `${path}.${process.pid}`;
    // In a folder of many users somebody may have put a link there.
    rmSync(written, { force: true });
    writeFileSync(written, `${url}\n`, { flag: 'wx' });
    renameSync(written, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    new Logger('Health').warn(
      `GATEWAY_HEALTH_FILE: ${path} cannot be written (${code}), so that check-health.js fails`,
    );
  }
}
