type Callback = (reason: unknown) => void;

interface Waiting {
  readonly callbacks: Set<Callback>;
  readonly listener: () => void;
}

const bySignal = new WeakMap<AbortSignal, Waiting>();

/**
 * Runs `callback` with its reason once that signal aborts, or soon if it has; the returned function ends that. All callbacks of one signal
 * share a listener: many calls may heed one signal, and Node takes an eleventh listener for a leak.
 */
export function onAbort(signal: AbortSignal | undefined, callback: Callback): () => void {
  if (!signal) return () => {};
  if (signal.aborted) return soon(() => callback(signal.reason));
  const { callbacks, listener } = bySignal.get(signal) ?? listen(signal);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || bySignal.get(signal)?.callbacks !== callbacks) return;
    signal.removeEventListener('abort', listener);
    bySignal.delete(signal);
  };
}

/** Not at once, so that the callback finds the function that ends it. */
function soon(callback: () => void): () => void {
  let isEnded = false;
  queueMicrotask(() => {
    if (!isEnded) callback();
  });
  return () => {
    isEnded = true;
  };
}

function listen(signal: AbortSignal): Waiting {
  const callbacks = new Set<Callback>();
  const listener = (): void => callbacks.forEach((callback) => callback(signal.reason));
  const waiting = { callbacks, listener };
  signal.addEventListener('abort', listener, { once: true });
  bySignal.set(signal, waiting);
  return waiting;
}
