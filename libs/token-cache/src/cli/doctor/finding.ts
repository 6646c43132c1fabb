/** What the doctor found. `failed` makes the exit code 1; `warning` does not. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do next. */
  readonly advice?: string;
}

export const ok = (check: string, detail: string): Finding => ({ check, level: 'ok', detail });

export const warning = (check: string, detail: string, advice: string): Finding => ({
  check,
  level: 'warning',
  detail,
  advice,
});

export const failed = (check: string, detail: string, advice: string): Finding => ({
  check,
  level: 'failed',
  detail,
  advice,
});

/** The reason of an error and of what caused it, without a URL, which may hold a password. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  const reason = error.cause === undefined ? (code ?? error.message) : reasonOf(error.cause);
  return reason.replace(/\b[a-z]+:\/\/\S+/gi, '[address]');
}
