import { createHash } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { isLoopback, listen, sendJson } from './http.js';
import { Introspection, type IntrospectionOptions } from './introspection.js';
import { answer } from './upstream-routes.js';
import { UpstreamStats, type UpstreamStatistics } from './upstream-stats.js';

/** Options of `startUpstream`. */
export interface UpstreamOptions extends IntrospectionOptions {
  /** Address to listen on. @defaultValue `'127.0.0.1'` */
  host?: string;
  /** TCP port to listen on. @defaultValue a free port */
  port?: number;
}

/** A running upstream. */
export interface Upstream {
  readonly url: string;
  stats(): UpstreamStatistics;
  reset(): void;
  stop(): Promise<void>;
}

/** Starts an API that requires an active access token, and that counts and echoes its requests. */
export async function startUpstream({ host = '127.0.0.1', port = 0, ...options }: UpstreamOptions): Promise<Upstream> {
  const introspection = new Introspection(options);
  const stats = new UpstreamStats();
  const listening = await listen(host, port, () => (request, response) => {
    const route = `${request.method} ${request.url}`;
    if (route === 'GET /stats' && isLoopback(request)) return sendJson(response, 200, stats.read());
    if (route === 'POST /stats/reset' && isLoopback(request)) return sendJson(response, 200, stats.reset() ?? {});
    response.once('close', () => stats.ended(response));
    serve(introspection, stats, request, response).catch((error: Error) => breakOff(response, error));
  });
  return {
    url: listening.url,
    stats: () => stats.read(),
    reset: () => stats.reset(),
    stop: () => listening.stop(),
  };
}

async function serve(
  introspection: Introspection,
  stats: UpstreamStats,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (!token) return reject(response, 'absent');
  const state = await introspection.stateOf(token);
  const digest = createHash('sha256').update(token).digest('hex').slice(0, 12);
  stats.saw(digest, state);
  if (state !== 'active') return reject(response, state);
  await answer(request, response, { digest, active: true });
}

/** Answers 401 with a challenge (RFC 6750 section 3). */
function reject(response: ServerResponse, state: string): void {
  response.setHeader('WWW-Authenticate', `Bearer error="invalid_token", error_description="The token is ${state}"`);
  sendJson(response, 401, { error: 'invalid_token', state });
}

function breakOff(response: ServerResponse, error: Error): void {
  if (response.headersSent) response.destroy();
  else sendJson(response, 502, { error: error.message });
}
