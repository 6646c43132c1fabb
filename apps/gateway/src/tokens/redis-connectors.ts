import { type Redis, type RedisOptions, type SentinelAddress, SentinelConnector } from 'ioredis';
import { StandaloneConnector } from 'ioredis/built/connectors/index.js';

type ReachSentinel = (endpoint: Partial<SentinelAddress>, options?: RedisOptions) => Redis;
type Stream = Awaited<ReturnType<StandaloneConnector['connect']>>;

/**
 * Connects to one server. A TLS socket that refused the server's certificate may fail a second time, with the server's alert;
 * ioredis listens to the first failure only, and the second would end the process.
 */
export class TolerantConnector extends StandaloneConnector {
  override async connect(emit: Parameters<StandaloneConnector['connect']>[0]): Promise<Stream> {
    return tolerant(await super.connect(emit));
  }
}

/** The same for the primary that Sentinels name, and for the Sentinels themselves. */
export class TolerantSentinelConnector extends SentinelConnector {
  override async connect(emit: Parameters<SentinelConnector['connect']>[0]): Promise<Stream> {
    return tolerant(await super.connect(emit));
  }

  /** It is private in the types; the version of ioredis is fixed. */
  private readonly reachSentinel = this['connectToSentinel'] as ReachSentinel;

  constructor(...args: ConstructorParameters<typeof SentinelConnector>) {
    super(...args);
    const reachTolerantly: ReachSentinel = (endpoint, options) =>
      this.reachSentinel(endpoint, { ...options, Connector: TolerantConnector as RedisOptions['Connector'] });
    Object.assign(this, { connectToSentinel: reachTolerantly });
  }
}

let lastFailure: Error | undefined;

/** Why a connection failed the last time. Of a cluster, and of Sentinels, ioredis says no more than that none is reachable. */
export function lastConnectionFailure(): Error | undefined {
  return lastFailure;
}

function tolerant(stream: Stream): Stream {
  return stream.on('error', (error: Error) => (lastFailure = error));
}
