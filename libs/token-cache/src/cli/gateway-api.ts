/** A gateway, with the key of a caller where its door asks for one. */
export class GatewayApi {
  constructor(
    private readonly base: string,
    private readonly headers: Record<string, string>,
  ) {}

  /** The integrations that the caller may use. */
  async integrations(): Promise<IntegrationAnswer[]> {
    return (await (await this.send('GET', 'api/integrations')).json()) as IntegrationAnswer[];
  }

  /** The token itself, for a caller who is granted that; minted if there is none. */
  async token(integration: string): Promise<TokenAnswer> {
    return (await (await this.send('POST', `token/${encodeURIComponent(integration)}`)).json()) as TokenAnswer;
  }

  async purge(integration: string): Promise<void> {
    await this.send('POST', `api/integrations/${encodeURIComponent(integration)}/purge`);
  }

  /** @throws Error with detail and code of a problem document */
  private async send(method: string, path: string): Promise<Response> {
    const url = new URL(path, this.base.endsWith('/') ? this.base : `${this.base}/`);
    const { headers } = this;
    const response = await fetch(url, { method, headers, redirect: 'error', signal: AbortSignal.timeout(10_000) });
    if (response.ok) return response;
    const { detail, code } = (await response.json().catch(() => ({}))) as { detail?: string; code?: string };
    throw new Error(`The gateway answered ${response.status}${code === undefined ? '' : ` ${code}: ${detail}`}`);
  }
}

/** RFC 6749 section 5.1. */
export interface TokenAnswer {
  readonly access_token: string;
}

/** What a gateway tells of an integration. */
export interface IntegrationAnswer {
  readonly name: string;
  readonly state: string;
  readonly expiresAt?: number;
  readonly coolingMs?: number;
  readonly lastErrorCode?: string;
}
