import { setTimeout as delay } from 'node:timers/promises';

/** Longer than any condition here takes: a test whose condition never holds fails by itself and cleans up. */
const LIMIT_MS = 60_000;

/** Asks until the answer is right; an error counts as an answer that is not right yet. */
export async function until<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const limit = Date.now() + LIMIT_MS;
  while (Date.now() < limit) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && isRight(answer)) {
      return answer;
    }
    await delay(20);
  }
  throw new Error(`No right answer within ${LIMIT_MS} ms`);
}
