import { type Cluster, type Redis, type RedisOptions } from 'ioredis';

import {
  type TokenKeyEvent,
  type TokenStoreEvent,
  type TokenStoreEvents,
  type TokenStoreListener,
} from '../core/contract/token-store.js';

/** Interval of the heartbeat. A connection without an answer for this long is closed: a peer that vanished sends no FIN. */
const HEARTBEAT_MS = 5_000;
/** Timeout of one Sentinel or cluster node, well below a heartbeat, so that the next one is tried in time. */
const ANSWER_MS = 2_000;
/** Message that proves the channel to be alive; no listener receives it. */
const BEAT = 'beat';
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;

/**
 * The event channel of one process. It has one subscriber connection of its own, opened at the first `subscribe`.
 *
 * This class reconnects itself, because `up` and `down` must say whether events arrive. ioredis resubscribes without an event,
 * and its `Cluster` reports neither the loss of its subscriber nor the success of a sharded subscription. For the same reason a
 * cluster gets plain PUBLISH, which reaches the subscribers of every node: events are few and short.
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

  /**
   * @param client client whose options the subscriber connection copies; it also publishes the heartbeat on a cluster
   * @param channel name of the Pub/Sub channel
   * @param heartbeatMs interval of the heartbeat, in ms
   */
  constructor(client: Redis | Cluster, channel: string, heartbeatMs = HEARTBEAT_MS) {
    this.#client = client;
    this.#channel = channel;
    this.#heartbeatMs = heartbeatMs;
  }

  /**
   * Adds a listener. Its `up` is called as soon as events arrive, also if they already do. The returned function removes it.
   */
  subscribe(listener: TokenStoreListener): () => void {
    // The copy makes a listener that is given twice two subscriptions, each with its own end.
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

  /** Removes all listeners and closes the subscriber connection. */
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
    // 'end' follows each 'error' and is handled. Without this listener Node would throw the error.
    connection.on('error', () => {});
    connection.once('end', () => this.#drop(connection));
    connection.on('message', (_channel, message) => this.#deliver(message));
    this.#expectPongs(connection);
    if (isCluster(this.#client)) this.#expectMessages(connection);
    connection
      .connect()
      .then(() => connection.subscribe(this.#channel))
      .then(() => this.#rise(connection))
      .catch(() => this.#drop(connection));
  }

  /** A new connection, not yet open; undefined while a cluster knows no node. */
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
    // disconnect() of a socket that has already closed would leave a timer behind.
    if (connection.status !== 'end') connection.disconnect();
    const wasUp = this.#up;
    this.#up = false;
    if (wasUp) this.#listeners.forEach((listener) => listener.down());
    this.#connectLater();
  }

  /** Exponential back-off with jitter, so that a fleet does not reconnect to a restarted server all at once. */
  #connectLater(): void {
    if (this.#closed) return;
    const delayMs = Math.min(RETRY_MIN_MS * 2 ** this.#attempts++, RETRY_MAX_MS) * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#connect();
    }, delayMs).unref();
  }

  /** Drops a connection whose PING is not answered within a heartbeat. */
  #expectPongs(connection: Redis): void {
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
   * Detects a node that has left its cluster or is cut off from it: it answers PING, but no message reaches it. After a heartbeat
   * without a message, this process publishes one through the client, which follows the topology of the cluster. If that message
   * does not arrive within a heartbeat either, the node is left. The message of one process suffices for the whole fleet.
   */
  #expectMessages(connection: Redis): void {
    let received = false;
    let published = false;
    connection.on('message', () => (received = true));
    const check = setInterval(() => {
      if (received || !this.#up) received = published = false;
      else if (published) this.#drop(connection);
      else
        this.#client.publish(this.#channel, BEAT).then(
          () => (published = true),
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

/** Parses `<type> <fence> <key id or group>`; undefined for any other message on the channel, such as one of a newer version. */
function parse(message: string): TokenStoreEvent | undefined {
  const [, type, digits, name] =
    /^(stored|failed|invalidated|purged|purged-group) (\d{1,16}) (.*)$/s.exec(message) ?? [];
  if (type === undefined || name === undefined) return undefined;
  const fence = Number(digits);
  return type === 'purged-group'
    ? { type, group: name, fence }
    : { type: type as TokenKeyEvent['type'], keyId: name, fence };
}
