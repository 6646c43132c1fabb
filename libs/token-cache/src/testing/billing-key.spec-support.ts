import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { type IntegrationOptions, resolveOptions } from '../core/config/token-cache.options.js';
import { type TokenKey, TokenKeys } from '../core/config/token-key.js';
import { type TokenRequest } from '../core/contract/token-request.js';
import { FakeTokenSource } from './fake-token-source.js';

/** The key of a request to the integration `billing`. */
export function billingKey(options: Partial<IntegrationOptions> = {}, request?: TokenRequest): TokenKey {
  const billing = { source: new FakeTokenSource(), ...options };
  const keys = new TokenKeys();
  const { integrations } = resolveOptions({ store: new MemoryTokenStore(), integrations: { billing } });
  for (const integration of integrations.values()) keys.add(integration);
  return keys.of('billing', request);
}
