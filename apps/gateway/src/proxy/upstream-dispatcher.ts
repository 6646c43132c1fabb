import { type buildConnector, type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { type ReadClientTls } from '../config/client-tls.js';
import { type OutboundProxy } from '../config/environment.js';
import { tunnelConnector, verifiedTls, verifyingConnector } from './upstream-connector.js';

export interface DispatcherOptions {
  /** Longest time to connect, in ms; through a proxy, from its answer to `CONNECT` on once more. */
  readonly connectMs: number;
  /** Most connections at once. */
  readonly connections: number;
  /** How long an idle connection is kept, in ms, if the upstream says nothing of it; 0 for no idle connections at all. */
  readonly keepAliveMs: number;
  /** How long one is kept at most, in ms, whatever the upstream says. */
  readonly keepAliveMaxMs: number;
  /** What connections are verified with, and what they present; through a proxy, as it was at the start. */
  readonly tls?: ReadClientTls;
  /** Absent if upstreams are connected to directly. */
  readonly outbound?: OutboundProxy;
}

/**
 * What sends requests to one origin: a pool of connections, and for an https origin that a proxy leads to, tunnels through that
 * proxy (RFC 9110 section 9.3.6). An http upstream is connected to directly: its token must not reach a proxy in the clear.
 */
export function upstreamDispatcher(origin: string, options: DispatcherOptions): Dispatcher {
  const { connectMs, connections, keepAliveMs, keepAliveMaxMs, tls, outbound } = options;
  const poolOptions: Pool.Options = {
    connections,
    ...(keepAliveMs > 0 ? { keepAliveTimeout: keepAliveMs } : { pipelining: 0 }),
    keepAliveMaxTimeout: keepAliveMaxMs,
    // AnswerHead limits the header and ResponseRelay the body: undici would count the time of sending, and limit event streams.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const direct = verifyingConnector(connectMs, tls);
  if (!outbound || origin.startsWith('http:')) return new Pool(origin, { ...poolOptions, connect: direct });
  return new EnvHttpProxyAgent({
    ...poolOptions,
    httpProxy: '',
    httpsProxy: outbound.url,
    noProxy: outbound.except,
    requestTls: { ...tls?.(), ...verifiedTls(connectMs) },
    proxyTls: verifiedTls(connectMs),
    factory: (target: string | URL, { connect }: { connect?: unknown }) => {
      const tunnel = typeof connect === 'function' ? (connect as buildConnector.connector) : undefined;
      return new Pool(target, { ...poolOptions, connect: tunnel ? tunnelConnector(tunnel, connectMs) : direct });
    },
  });
}
