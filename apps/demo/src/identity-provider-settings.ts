export interface Failure {
  status: number;
  retryAfterS?: number;
  /** @defaultValue an OAuth error that suits the status */
  body?: unknown;
}

/** What `POST /control` changes while the provider runs. */
export interface Settings {
  /** At least a second; the token endpoint promises whole seconds, rounded down. */
  tokenLifetimeMs: number;
  /** Every call of the token endpoint waits this long before it does anything. */
  delayMs: number;
  /** Every call of the token endpoint fails like this, until it is `null` again. */
  failWith: Failure | null;
}

export const DEFAULT_SETTINGS: Settings = { tokenLifetimeMs: 300_000, delayMs: 0, failWith: null };

/** @throws TypeError that names the field. */
export function changed(settings: Settings, change: unknown): Settings {
  if (typeof change !== 'object' || change === null) throw new TypeError('expected a JSON object');
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
