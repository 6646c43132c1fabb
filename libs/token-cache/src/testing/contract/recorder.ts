import assert from 'node:assert/strict';

import {
  type TokenKeyEvent,
  type TokenStore,
  type TokenStoreEvent,
  type TokenStoreListener,
} from '../../core/contract/token-store.js';
import { eventually } from './eventually.js';

/** A listener that records its events. */
export class Recorder implements TokenStoreListener {
  readonly events: TokenStoreEvent[] = [];
  ups = 0;
  unsubscribe: () => void = () => {};

  /** Subscribes, and resolves once the channel is up. */
  static async on(store: TokenStore): Promise<Recorder> {
    const recorder = new Recorder();
    assert.ok(store.events, 'the store has an event channel');
    recorder.unsubscribe = store.events.subscribe(recorder);
    await eventually('the event channel comes up', async () => recorder.ups || undefined);
    return recorder;
  }

  event(event: TokenStoreEvent): void {
    this.events.push(event);
  }

  up(): void {
    this.ups += 1;
  }

  down(): void {}

  /** What is known of keys, and not of groups. */
  get ofKeys(): TokenKeyEvent[] {
    return this.events.filter((event) => event.type !== 'purged-group');
  }

  /** The `count`-th event of a type, as soon as it has arrived. */
  until(type: TokenStoreEvent['type'], count = 1): Promise<TokenStoreEvent> {
    return eventually(
      `${count} of "${type}" arrive`,
      async () => this.events.filter((event) => event.type === type)[count - 1],
    );
  }
}
