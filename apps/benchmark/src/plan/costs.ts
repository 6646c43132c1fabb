/** What single things cost, measured in the run that makes the plan. Times are those of the processor, of one thread. */
export interface Costs {
  /** Of Redis, in µs: to look a token up, by one script. */
  readonly hitUs: number;
  /** Of Redis, in µs: to grant a lease and to take the token, by two scripts. */
  readonly mintUs: number;
  /** Of Redis, in µs: to publish an event that nobody hears. */
  readonly publishUs: number;
  /** Of Redis, in µs: to send an event to one subscriber. */
  readonly deliveryUs: number;
  /** Of a master, in µs: to pass an event on to another master. */
  readonly relayUs: number;
  /** Of a master, in µs: to be passed an event by another master. */
  readonly relayedUs: number;
  /** Of Redis, in µs: to answer PING. */
  readonly pingUs: number;
  /** Of a process, in µs: to hear an event of a key that it does not have. */
  readonly hearUs: number;
  /** Of Redis: for a key with its token of 1.2 KB. */
  readonly keyBytes: number;
  /** Of Redis: for a connection that is subscribed. */
  readonly connectionBytes: number;
  /** Of a process: for a token in hand. */
  readonly inHandBytes: number;
  /** Connections of a process to a cluster of three masters. */
  readonly connectionsToThree: number;
}
