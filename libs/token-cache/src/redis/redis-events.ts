import { type Cluster, type Redis, type RedisOptions } from 'ioredis';

import { type TokenStoreEvent, type TokenStoreEvents, type TokenStoreListener } from '../core/contract/token-store.js';

/** A connection that does not answer for this long is given up: a peer that vanished sends no FIN. */
const HEARTBEAT_MS = 5_000;
/** One Sentinel or one node of a cluster that is silent is given up well within a heartbeat, so that another one has its turn. */
const ANSWER_MS = 2_000;
/** What a process says on the channel when it has heard nothing for a while; nobody acts on it. */
const BEAT = 'beat';
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;

/**
 * The event channel of one process: one connection of our own, made at the first `subscribe`.
 *
 * Reconnecting is done here and not by ioredis, because only then is it known whether events arrive: ioredis subscribes
 * again without telling when, and a `Cluster` neither tells that its subscriber is gone nor whether its sharded
 * subscriptions took effect. Hence also plain PUBLISH on a cluster, heard from any one node: events are few and short.
 */
export class RedisEvents implements TokenStoreEvents {
  readonly #client: Redis | Cluster;
  readonly #channel: string;
  readonly #heartbeatMs: number;
  readonly #listeners = new Set<TokenStoreListener>();
  #connection?: Redis;
  #timer?: NodeJS.Timeout;
  #attempts = 0;
  #up = false;
  #closed = false;

  constructor(client: Redis | Cluster, channel: string, heartbeatMs = HEARTBEAT_MS) {
    this.#client = client;
    this.#channel = channel;
    this.#heartbeatMs = heartbeatMs;
  }

  subscribe(listener: TokenStoreListener): () => void {
    // A copy, so that a listener given twice is two subscriptions, each with its own end.
    const own: TokenStoreListener = {
      event: (event) => listener.event(event),
      up: () => listener.up(),
      down: () => listener.down(),
    };
    this.#listeners.add(own);
    if (this.#up) queueMicrotask(() => this.#up && this.#listeners.has(own) && own.up());
    else this.#connect();
    return () => void this.#listeners.delete(own);
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    clearTimeout(this.#timer);
    this.#connection?.disconnect();
  }

  #connect(): void {
    if (this.#closed || this.#connection || this.#timer) return;
    const connection = this.#newConnection();
    if (!connection) {
      this.#connectLater();
      return;
    }
    this.#connection = connection;
    // Nothing to do on an error but to listen, or it would be an uncaught one: the end of the connection follows.
    connection.on('error', () => {});
    connection.once('end', () => this.#drop(connection));
    connection.on('message', (_channel, message) => this.#deliver(message));
    this.#watch(connection);
    if (isCluster(this.#client)) this.#listenFor(connection);
    connection
      .connect()
      .then(() => connection.subscribe(this.#channel))
      .then(() => this.#rise(connection))
      .catch(() => this.#drop(connection));
  }

  /** Undefined while a cluster knows no node. */
  #newConnection(): Redis | undefined {
    const nodes = isCluster(this.#client) ? this.#client.nodes() : [this.#client];
    const node = nodes[Math.floor(Math.random() * nodes.length)];
    return node?.duplicate({ ...this.#optionsFrom(node), ...(isCluster(this.#client) && { readOnly: false }) });
  }

  #optionsFrom({ options }: Redis): Partial<RedisOptions> {
    return {
      lazyConnect: true,
      retryStrategy: () => null,
      enableOfflineQueue: true,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
      socketTimeout: undefined,
      keyPrefix: '',
      connectTimeout: Math.min(options.connectTimeout ?? ANSWER_MS, ANSWER_MS),
      sentinelCommandTimeout: Math.min(options.sentinelCommandTimeout ?? ANSWER_MS, ANSWER_MS),
      connectionName: 'token-events',
    };
  }

  #rise(connection: Redis): void {
    if (connection !== this.#connection || this.#closed) return;
    this.#attempts = 0;
    this.#up = true;
    this.#listeners.forEach((listener) => listener.up());
  }

  #drop(connection: Redis): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    // ioredis would set a timer for a socket that has closed already.
    if (connection.status !== 'end') connection.disconnect();
    const wasUp = this.#up;
    this.#up = false;
    if (wasUp) this.#listeners.forEach((listener) => listener.down());
    this.#connectLater();
  }

  /** Spread by chance, so that a fleet does not come back to a restarted server as one. */
  #connectLater(): void {
    if (this.#closed) return;
    const delayMs = Math.min(RETRY_MIN_MS * 2 ** this.#attempts++, RETRY_MAX_MS) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#connect();
    }, delayMs).unref();
  }

  #watch(connection: Redis): void {
    let answered = true;
    const beat = setInterval(() => {
      if (!answered) return this.#drop(connection);
      answered = false;
      connection.ping().then(
        () => (answered = true),
        () => this.#drop(connection),
      );
    }, this.#heartbeatMs).unref();
    connection.once('end', () => clearInterval(beat));
  }

  /**
   * A node that has left its cluster, or is cut off from the others, answers PING and hears nothing. Whoever hears nothing
   * therefore speaks up through the client, which follows the cluster, and leaves the node when he does not hear that either.
   * One of a fleet speaks up for all.
   */
  #listenFor(connection: Redis): void {
    let heard = false;
    let spoke = false;
    connection.on('message', () => (heard = true));
    const check = setInterval(() => {
      if (heard || !this.#up) heard = spoke = false;
      else if (spoke) this.#drop(connection);
      else
        this.#client.publish(this.#channel, BEAT).then(
          () => (spoke = true),
          () => {},
        );
    }, this.#heartbeatMs).unref();
    connection.once('end', () => clearInterval(check));
  }

  #deliver(message: string): void {
    const event = parse(message);
    if (event) this.#listeners.forEach((listener) => listener.event(event));
  }
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

/** `<type> <fence> <key id>`; undefined for what somebody else said on our channel. */
function parse(message: string): TokenStoreEvent | undefined {
  const [, type, fence, keyId] = /^(stored|failed|invalidated|purged) (\d{1,16}) (.*)$/s.exec(message) ?? [];
  if (type === undefined || keyId === undefined) return undefined;
  return { type: type as TokenStoreEvent['type'], keyId, fence: Number(fence) };
}
