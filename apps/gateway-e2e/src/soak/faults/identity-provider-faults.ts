import { setTimeout as sleep } from 'node:timers/promises';
import { SOURCE_REJECTED, SOURCE_UNAVAILABLE, UNAUTHORIZED } from '../causes.js';
import { type Fault } from '../fault.js';
import { REVOKES_ALL } from '../idp-witness.js';
import { COOLDOWN_MS, INTEGRATION_NAMES, LEASE_MS, MINT_MS, MINT_TIMEOUT_MS, TOKEN_LIFETIME_MS } from '../policy.js';

const RETRY_AFTER_S = 2;
const FOREVER_MS = 3_600_000;

export const IDENTITY_PROVIDER_FAULTS: readonly Fault[] = [
  failing('identity provider answers 503 with Retry-After', { status: 503, retryAfterS: RETRY_AFTER_S }),
  failing('identity provider answers 429 with Retry-After', { status: 429, retryAfterS: RETRY_AFTER_S }),
  failing('identity provider answers 500', { status: 500 }),
  failing('identity provider refuses the credentials', { status: 401 }, SOURCE_REJECTED),
  {
    name: 'identity provider slower than the lease',
    async inject({ fleet }, chance) {
      await fleet.idp.configure({ delayMs: LEASE_MS + 1_000 });
      await sleep(chance.whole(3_000, 6_000));
      await fleet.idp.configure({ delayMs: 0 });
    },
  },
  {
    name: 'identity provider never answers',
    excuses: [{ cause: SOURCE_UNAVAILABLE }],
    healingMs: MINT_TIMEOUT_MS + COOLDOWN_MS + MINT_MS,
    async inject({ fleet }, chance) {
      await fleet.idp.configure({ delayMs: FOREVER_MS });
      await sleep(chance.whole(2_000, 5_000));
      await fleet.idp.configure({ delayMs: 0 });
    },
  },
  {
    name: 'identity provider repeats its token',
    // What it states of the last second of a token, 0, is an excuse of its own: see `IdpWitness`.
    async inject({ fleet }, chance) {
      await fleet.idp.configure({ repeatsTokens: true });
      await sleep(TOKEN_LIFETIME_MS + chance.whole(1_000, 4_000));
      await fleet.idp.configure({ repeatsTokens: false });
    },
  },
  {
    name: REVOKES_ALL,
    // A body that is not all there cannot be sent again.
    excuses: [{ cause: UNAUTHORIZED, kinds: ['streamed upload', 'leave a streamed upload'] }],
    // A worker takes the new token with its next request, which may be an upload a while later.
    healingMs: 3_000,
    inject: ({ fleet }) => fleet.idp.revokeAll(),
  },
  {
    name: 'tokens purged through the API',
    async inject({ fleet, expenses }) {
      for (const name of INTEGRATION_NAMES) {
        const { status } = await fetch(`${fleet.url}/api/integrations/${name}/purge`, { method: 'POST' });
        if (status !== 204) throw new Error(`The purge of ${name} was answered with ${status}`);
        expenses.purges[name]++;
      }
    },
  },
];

function failing(
  name: string,
  failWith: { status: number; retryAfterS?: number },
  cause: string = SOURCE_UNAVAILABLE,
): Fault {
  return {
    name,
    excuses: [{ cause }],
    healingMs: COOLDOWN_MS + MINT_MS,
    async inject({ fleet }, chance) {
      await fleet.idp.configure({ failWith });
      await sleep(chance.whole(2_000, 6_000));
      await fleet.idp.configure({ failWith: null });
    },
  };
}
