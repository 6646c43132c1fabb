import { freePort } from './free-port.js';

/** Another process may take a free port before the server that it is meant for does; then another port is as good. */
export async function onFreePort<T>(start: (port: number) => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await start(await freePort());
  } catch (error) {
    if (attempts === 1 || !isTaken(error)) throw error;
    return await onFreePort(start, attempts - 1);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use/i.test(error.message);
}
