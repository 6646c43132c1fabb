import { type IntegrationAnswer } from './gateway-api.js';

/** What the next caller of an integration would be given. */
export interface Outlook {
  readonly next: 'token' | 'mint' | 'error' | 'unknown';
  readonly detail: string;
}

/** Judges by the state that a gateway tells, which costs no mint. */
export function outlookOf(integration: IntegrationAnswer, now: number): Outlook {
  const { state, expiresAt = now, coolingMs = 0, lastErrorCode = 'the error of the provider' } = integration;
  switch (state) {
    case 'valid':
      return {
        next: 'token',
        detail: `the token that is there, which ends in ${Math.round((expiresAt - now) / 1_000)} s`,
      };
    case 'missing':
      return { next: 'mint', detail: 'a new token: there is none, and the next caller mints' };
    case 'cooling':
      return {
        next: 'error',
        detail: `${lastErrorCode}: the provider is asked again in ${Math.ceil(coolingMs / 1_000)} s`,
      };
    default:
      return { next: 'unknown', detail: 'what whenStoreUnavailable says: the store does not answer' };
  }
}
