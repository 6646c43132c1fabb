import { waitFor } from '@mintonce/test-support';
import { type Fleet } from '../fleet.js';
import { get } from '../load.js';

/** Long enough for the slowest way back: a heartbeat that must be missed, and a pause before the next attempt. */
const RECOVERY_MS = 20_000;
/** A connection that is handed to a worker at the moment of its kill may never be answered: it is asked again on another one. */
const ANSWER_MS = 5_000;

/** How long it took until the workers had all they need, as each tells when asked in turn; undefined when it took too long. */
export async function recovered({ url }: Fleet, workers: number): Promise<number | undefined> {
  const startedAt = performance.now();
  try {
    await waitFor(() => areWell(url, 2 * workers), { timeoutMs: RECOVERY_MS, intervalMs: 200 });
    return performance.now() - startedAt;
  } catch {
    return undefined;
  }
}

/** Those that PM2 started in the place of others have come up, too. */
export async function complete({ pm2 }: Fleet): Promise<void> {
  const areOnline = async () => (await pm2.list()).every(({ pm2_env }) => pm2_env.status === 'online');
  await waitFor(areOnline, { timeoutMs: RECOVERY_MS, intervalMs: 500, description: 'all workers to be online' });
}

/** That many answers in a row, so that each worker has been asked. */
async function areWell(url: string, answers: number): Promise<boolean> {
  for (let asked = 0; asked < answers; asked++) {
    const { status, body } = await get(`${url}/health`, AbortSignal.timeout(ANSWER_MS));
    if (status !== 200 || body['status'] !== 'ok') return false;
  }
  return true;
}
