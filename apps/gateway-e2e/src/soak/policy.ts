import { leastServiceMs } from '@mintonce/test-support/mint-bound';
import { type Client } from '../fleet.js';

/** Short, so that many lifetimes pass in a minute, and long enough that a busy machine is not taken for a broken promise. */
export const TOKEN_LIFETIME_MS = 8_000;
export const LEASE_MS = 2_000;
export const MINT_TIMEOUT_MS = 4_000;
export const COOLDOWN_MS = 2_000;
/** From the end of a cool-down to the first answer with a new token. */
export const MINT_MS = 1_500;

/** What the gateway is told: everything else is as by default. */
export const POLICY = {
  leaseMs: LEASE_MS,
  mintTimeoutMs: MINT_TIMEOUT_MS,
  waitTimeoutMs: 2 * MINT_TIMEOUT_MS,
  // Shorter than the time between two faults: each revocation is one mint, and callers hear nothing of it.
  rejection: { paceMs: 500, maxPaceMs: 1_000 },
  cooldown: { rejectedMs: COOLDOWN_MS, transientMs: 500, transientMaxMs: COOLDOWN_MS },
};

export const LEAST_SERVICE_MS = leastServiceMs(TOKEN_LIFETIME_MS);

/** Two, so that the token of one could be found with the other. */
export const INTEGRATIONS = {
  demo: { clientId: 'demo', clientAuth: 'client_secret_basic' },
  other: { clientId: 'demo-post', clientAuth: 'client_secret_post' },
} as const satisfies Record<string, Client>;

export type IntegrationName = keyof typeof INTEGRATIONS;
export const INTEGRATION_NAMES = Object.keys(INTEGRATIONS) as IntegrationName[];
