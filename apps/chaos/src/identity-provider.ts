import { join, resolve } from 'node:path';
import { type NodeProcess, startNode } from '@mintonce/test-support';

const MAIN = join(resolve(__dirname, '../../..'), 'apps/demo/dist/main.js');
export const CLIENT_SECRET = 'chaos-secret';

export interface IdentityProviderSettings {
  tokenLifetimeMs?: number;
  delayMs?: number;
  failWith?: { status: number; retryAfterS?: number; body?: unknown } | null;
}

/** A real authorization server in a process of its own. */
export class IdentityProvider {
  private constructor(
    private readonly node: NodeProcess,
    readonly issuer: string,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const env = { HOST: undefined, IDP_PORT: '0', UPSTREAM_PORT: '0', DEMO_CLIENT_SECRET: CLIENT_SECRET };
    const node = await startNode(MAIN, { env, readyWhen: /"ready":true/ });
    const [line] = await node.waitForOutput(/\{"ready".*\}/);
    return new IdentityProvider(node, (JSON.parse(line) as { issuer: string }).issuer);
  }

  async configure(settings: IdentityProviderSettings): Promise<void> {
    const init = { method: 'POST', body: JSON.stringify(settings) };
    const response = await fetch(`${this.issuer}/control`, init);
    if (!response.ok) throw new Error(`The identity provider refused: ${await response.text()}`);
  }

  /** No fault, no delay, tokens that live for five minutes. */
  calm(): Promise<void> {
    return this.configure({ tokenLifetimeMs: 300_000, delayMs: 0, failWith: null });
  }

  async stop(): Promise<void> {
    await this.node.stop();
  }
}
