import assert from 'node:assert/strict';

import { type TokenStore, type TokenStoreEvent, type TokenStoreListener } from '../../core/contract/token-store.js';
import { eventually } from './eventually.js';

/** A listener that remembers. */
export class Recorder implements TokenStoreListener {
  readonly events: TokenStoreEvent[] = [];
  ups = 0;
  unsubscribe: () => void = () => {};

  /** Resolves once events arrive. */
  static async on(store: TokenStore): Promise<Recorder> {
    const recorder = new Recorder();
    assert.ok(store.events, 'the store has an event channel');
    recorder.unsubscribe = store.events.subscribe(recorder);
    await eventually('events arrive', async () => recorder.ups || undefined);
    return recorder;
  }

  event(event: TokenStoreEvent): void {
    this.events.push(event);
  }

  up(): void {
    this.ups += 1;
  }

  down(): void {}

  /** The last of `count` events of that type, once it is there. */
  until(type: TokenStoreEvent['type'], count = 1): Promise<TokenStoreEvent> {
    return eventually(
      `${count} of "${type}" arrive`,
      async () => this.events.filter((event) => event.type === type)[count - 1],
    );
  }
}
