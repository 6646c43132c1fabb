import { type Logger } from '@nestjs/common';
import { type ColdToken } from '../core/token-client.js';

/** One line for each integration and code, however many tenants it has. */
export function warnOfColdTokens(cold: readonly ColdToken[], logger: Logger): void {
  const counts = new Map<string, number>();
  for (const { integration, code } of cold) {
    const what = `"${integration}" (${code})`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  for (const [what, count] of counts) {
    const tokens = count === 1 ? 'A token' : `${count} tokens`;
    logger.warn(
      `${tokens} for ${what} could not be had before the application was ready. The first caller waits for it`,
    );
  }
}
