import { type IdentityProviderStats } from '../identity-provider.js';
import { DEFAULT_SETTINGS, type Settings } from '../identity-provider-settings.js';
import { post, read } from './control.js';

/** The identity provider's own account of its calls, and the way to make it fail. */
export class IdentityProviderClient {
  constructor(readonly issuer: string) {}

  stats(): Promise<IdentityProviderStats> {
    return read(new URL('/control/stats', this.issuer));
  }

  configure(change: Partial<Settings>): Promise<void> {
    return post(new URL('/control', this.issuer), change);
  }

  /** No fault, no delay, and tokens that live for five minutes. */
  calm(): Promise<void> {
    return this.configure(DEFAULT_SETTINGS);
  }

  revokeAll(): Promise<void> {
    return post(new URL('/control/revoke', this.issuer));
  }

  /** Forgets all tokens, calls and faults. */
  reset(): Promise<void> {
    return post(new URL('/control/reset', this.issuer));
  }
}
