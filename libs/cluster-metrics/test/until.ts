import { setTimeout as delay } from 'node:timers/promises';

/** Far beyond what anything here takes: a test that waits for what never comes shall fail by itself, and clean up. */
const LIMIT_MS = 60_000;

/** Asks again and again until the answer is right; whatever is thrown counts as not yet. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const limit = Date.now() + LIMIT_MS;
  while (Date.now() < limit) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && isRight(answer)) {
      return answer;
    }
    await delay(20);
  }
  throw new Error('Waited in vain');
}
