/** A failure of the token endpoint. */
export interface Failure {
  /** HTTP status, from 400 to 599. */
  status: number;
  /** `Retry-After`, in seconds. @defaultValue not sent */
  retryAfterS?: number;
  /** Body of the answer. @defaultValue an OAuth error (RFC 6749 section 5.2) that suits the status */
  body?: unknown;
}

/** Settings that `POST /control` changes while the provider runs. */
export interface Settings {
  /** Life of the next tokens, in ms, 1 000 at least. `expires_in` is rounded down to seconds. */
  tokenLifetimeMs: number;
  /** Delay of every call of the token endpoint, in ms. */
  delayMs: number;
  /** Failure of every call of the token endpoint; `null` for none. */
  failWith: Failure | null;
  /** Gives a client that asks again the token that it has, with what is left of its life, until that ends. */
  repeatsTokens: boolean;
}

/** Tokens of 5 minutes, no delay, no failure, a new token for each call. */
export const DEFAULT_SETTINGS: Settings = {
  tokenLifetimeMs: 300_000,
  delayMs: 0,
  failWith: null,
  repeatsTokens: false,
};

/**
 * The settings with a change applied.
 *
 * @throws TypeError naming the field that is invalid
 */
export function changed(settings: Settings, change: unknown): Settings {
  if (typeof change !== 'object' || change === null) throw new TypeError('the settings must be a JSON object');
  for (const [name, value] of Object.entries(change)) {
    if (!isValid(name, value)) throw new TypeError(`${name} is not valid: ${JSON.stringify(value)}`);
  }
  return { ...settings, ...change };
}

function isValid(name: string, value: unknown): boolean {
  switch (name) {
    case 'tokenLifetimeMs':
      return Number.isInteger(value) && Number(value) >= 1_000;
    case 'delayMs':
      return Number.isInteger(value) && Number(value) >= 0;
    case 'failWith':
      return value === null || isFailure(value);
    case 'repeatsTokens':
      return typeof value === 'boolean';
    default:
      return false;
  }
}

function isFailure(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'status' in value && isErrorStatus(value.status);
}

function isErrorStatus(status: unknown): boolean {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599;
}
