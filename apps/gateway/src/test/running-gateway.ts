import { writeFileSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { RunningParts, startTogether, temporaryDirectory } from '@mintonce/test-support';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type GatewayConfig, loadConfig } from '../config/load-config.js';
import { createGateway } from '../gateway.js';
import { capturedLog, type CapturedLog } from './captured-log.js';
import { recordingUpstream, type RecordingUpstream } from './recording-upstream.js';
import { tokenEndpoint, type TokenEndpoint } from './token-endpoint.js';

/** What gateways of a test have in common: a folder, an upstream and a token endpoint, with integration `billing` for both. */
export interface GatewayRig {
  readonly upstream: RecordingUpstream;
  readonly idp: TokenEndpoint;
  /** Writes a file into the folder of the configuration, and returns the reference to it. */
  file(name: string, content: string | Uint8Array): string;
  /** The path of a file in that folder. */
  path(name: string): string;
  /** The configuration with these sections beside `integrations`. */
  load(sections?: object, env?: NodeJS.ProcessEnv): GatewayConfig;
  /** Starts a gateway with them. */
  start(sections?: object, env?: NodeJS.ProcessEnv): Promise<RunningGateway>;
  stop(): Promise<void>;
}

export interface RunningGateway {
  readonly app: NestFastifyApplication;
  readonly log: CapturedLog;
  readonly url: string;
  /** The status of a request to the upstream. */
  call(): Promise<number>;
  stop(): Promise<void>;
}

/** Its client secret is in the file `secret`. */
export async function gatewayRig(): Promise<GatewayRig> {
  return await startTogether(async (running) => {
    const directory = temporaryDirectory();
    running.onStop(() => directory.remove());
    const [upstream, idp] = await Promise.all([recordingUpstream(), tokenEndpoint()]);
    running.onStop(() => upstream.close());
    running.onStop(() => idp.close());
    const gateways = running.add(new RunningParts());
    const path = (name: string) => join(directory.path, name);
    const token = {
      grant: 'client_credentials',
      tokenEndpoint: idp.url,
      clientId: 'gateway',
      clientSecret: 'file:secret',
      allowInsecureRequests: true,
    };
    const integrations = { billing: { upstream: upstream.url, token } };
    const rig: GatewayRig = {
      upstream,
      idp,
      path,
      file(name, content) {
        writeFileSync(path(name), content);
        return `file:${name}`;
      },
      load(sections = {}, env = {}) {
        writeFileSync(path('gateway.yaml'), JSON.stringify({ integrations, ...sections }));
        return loadConfig({ GATEWAY_CONFIG: 'gateway.yaml', ...env }, directory.path);
      },
      start: (sections, env) => startGateway(rig.load(sections, env), gateways),
      stop: () => running.stop(),
    };
    rig.file('secret', 's3cret\n');
    return rig;
  });
}

async function startGateway(config: GatewayConfig, gateways: RunningParts): Promise<RunningGateway> {
  const log = capturedLog(config.logLevel);
  const app = await createGateway(config, log.log);
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= app.close());
  gateways.onStop(stop);
  await app.listen(0, '127.0.0.1');
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  return { app, log, url, stop, call: async () => (await fetch(`${url}/proxy/billing/x`)).status };
}
