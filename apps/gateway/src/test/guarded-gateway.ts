import { writeFileSync } from 'node:fs';
import { type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startTogether, temporaryDirectory } from '@mintonce/test-support';
import { hashOfKey } from '../config/key-hash.js';
import { listenOn, operationsServer } from '../access/operations-door.js';
import { loadConfig } from '../config/load-config.js';
import { createGateway } from '../gateway.js';
import { capturedLog, type CapturedLog } from './captured-log.js';
import { recordingUpstream, type RecordingUpstream } from './recording-upstream.js';
import { tokenEndpoint, type TokenEndpoint } from './token-endpoint.js';

/** The whole gateway with two integrations, `billing` and `crm`, of one upstream. */
export interface GuardedGateway {
  readonly port: number;
  readonly url: string;
  /** Of the operations door, if the file has one. */
  readonly operationsPort: number;
  readonly operationsUrl: string;
  /** What it serves, by method in lower case and pattern. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  readonly upstream: RecordingUpstream;
  readonly idp: TokenEndpoint;
  /** Folder of the configuration file. */
  readonly directory: string;
  readonly log: CapturedLog;
  readonly auditLines: CapturedLog['auditLines'];
  stop(): Promise<void>;
}

export const sha256 = (key: string): string => hashOfKey(key).toString('hex');

/**
 * Starts it on free ports of loopback, whatever address it believes to listen on.
 *
 * @param file the sections of the YAML file beside `integrations`
 * @param more options of each integration
 * @param before called with the folder of the file before it is read
 * @param env more of the environment
 */
export function guardedGateway(
  file: object,
  more: object = {},
  before: (directory: string) => void = () => {},
  env: NodeJS.ProcessEnv = {},
): Promise<GuardedGateway> {
  return startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    before(directory.path);
    const [upstream, idp] = await Promise.all([recordingUpstream(), tokenEndpoint()]);
    running.onStop(() => upstream.close());
    running.onStop(() => idp.close());
    const client = { clientId: 'c', clientSecret: 's', allowInsecureRequests: true };
    const token = { grant: 'client_credentials', tokenEndpoint: idp.url, ...client };
    const integration = { upstream: `${upstream.url}/api`, token, ...more };
    const all = {
      integrations: { billing: integration, crm: integration },
      ...(!env.REDIS_URL && { store: 'memory' }),
      ...file,
    };
    writeFileSync(join(directory.path, 'gateway.yaml'), JSON.stringify(all));
    const config = loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', ...env }, directory.path);
    const captured = capturedLog(config.logLevel);
    const app = await createGateway(config, captured.log);
    running.onStop(() => app.close());
    const routes: { method: string; path: string }[] = [];
    const fastify = app.getHttpAdapter().getInstance();
    fastify.addHook('onRoute', ({ method, url: path }) =>
      [method].flat().forEach((one) => routes.push({ method: one.toLowerCase(), path })),
    );
    const operations = operationsServer(app, config);
    await app.listen(0, '127.0.0.1');
    if (operations) await listenOn(operations, { host: '127.0.0.1', port: 0 });
    const port = portOf(app.getHttpServer());
    const operationsPort = operations ? portOf(operations) : 0;
    const scheme = config.tls ? 'https' : 'http';
    return {
      port,
      url: `${scheme}://127.0.0.1:${port}`,
      operationsPort,
      routes,
      operationsUrl: `http://127.0.0.1:${operationsPort}`,
      upstream,
      idp,
      directory: directory.path,
      log: captured,
      auditLines: captured.auditLines,
      stop: () => running.stop(),
    };
  });
}

function portOf(server: Pick<Server, 'address'>): number {
  return (server.address() as AddressInfo).port;
}
