import { freePort } from './free-port.js';

/** Somebody may take a free port before the server that it is meant for does; then another one is as good. */
export async function onFreePort<T>(start: (port: number) => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await start(await freePort());
  } catch (error) {
    if (attempts === 1) throw error;
    return await onFreePort(start, attempts - 1);
  }
}
