import { type TokenKey } from '../config/token-key.js';
import { type Clock } from '../contract/clock.js';
import { type Lease } from '../contract/token-store.js';
import { type StoreClient } from '../store-client/store-client.js';

/**
 * Renews a lease every third of it until the returned function is called, or until the store says that it is lost. The first
 * renewal comes at once where the answer that granted it took so long: a process that was paused may be paused again.
 */
export function keepRenewing(
  { clock, store }: { readonly clock: Clock; readonly store: StoreClient },
  key: TokenKey,
  lease: Lease,
  onLost: () => void,
): () => void {
  let cancel = (): void => {};
  let isStopped = false;
  const renew = async (): Promise<void> => {
    // A store that does not answer says nothing of the lease, and the commit is fenced.
    const isOurs = await store.renew(key, lease).catch(() => true);
    if (isStopped) return;
    if (isOurs) schedule(everyMs);
    else onLost();
  };
  const everyMs = lease.leaseMs / 3;
  const schedule = (delayMs: number): void => {
    cancel = clock.after(delayMs, () => void renew());
  };
  schedule(Math.max(0, store.leaseLeftMs(lease) - 2 * everyMs));
  return () => {
    isStopped = true;
    cancel();
  };
}
