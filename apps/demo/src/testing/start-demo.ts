import { fileURLToPath } from 'node:url';
import { type Exit, type NodeProcess, startNode } from '@mintonce/test-support';
import { IdentityProviderClient } from './identity-provider-client.js';
import { UpstreamClient } from './upstream-client.js';

/** Identity provider and upstream in a process of their own, on free ports. */
export interface DemoProcess {
  readonly idp: IdentityProviderClient;
  readonly upstream: UpstreamClient;
  readonly pid: NodeProcess['pid'];
  stop(): Promise<Exit>;
}

/** The built program, so that a test measures what runs outside of tests. */
export const DEMO_MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** @throws Error with its output, when the demo does not start. */
export async function startDemo({ clientSecret }: { clientSecret: string }): Promise<DemoProcess> {
  const env = { HOST: undefined, IDP_PORT: '0', UPSTREAM_PORT: '0', DEMO_CLIENT_SECRET: clientSecret };
  const node = await startNode(DEMO_MAIN, { env, readyWhen: /"ready":true/ });
  const [line] = await node.waitForOutput(/\{"ready".*\}/);
  const { issuer, upstream } = JSON.parse(line) as { issuer: string; upstream: string };
  return {
    idp: new IdentityProviderClient(issuer),
    upstream: new UpstreamClient(upstream),
    pid: node.pid,
    stop: () => node.stop(),
  };
}
