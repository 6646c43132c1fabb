import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface WaitForOptions {
  /** Half of what a test may take, so that a test fails by itself and says what it waited for. @defaultValue 60 000 */
  timeoutMs?: number;
  /** @defaultValue 20 */
  intervalMs?: number;
  /** What is waited for, for the error. @defaultValue the source of the condition */
  description?: string;
}

/**
 * Waits until the condition answers something truthy, and answers it. A condition that throws is asked again.
 *
 * @throws Error when the time is over; what the condition threw last is the `cause`.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 20, description = String(condition) }: WaitForOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  do {
    try {
      const answer = await condition();
      lastError = undefined;
      if (answer) return answer as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
    } catch (error) {
      lastError = error;
    }
    await sleep(intervalMs);
  } while (performance.now() < deadline);
  throw new Error(`Not within ${timeoutMs} ms: ${description}${because(lastError)}`, { cause: lastError });
}

function because(error: unknown): string {
  if (error === undefined) return '';
  return ` (${error instanceof Error ? error.message : inspect(error)})`;
}
