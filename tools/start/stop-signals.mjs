import { once } from 'node:events';

const PARENT_CHECK_MS = 500;

/** Requests a stop on Ctrl-C, SIGTERM, a closed terminal or the end of npm. A second signal makes it immediate. */
export function stopSignals() {
  const requested = new AbortController();
  const insisted = new AbortController();
  const told = () => (requested.signal.aborted ? insisted : requested).abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, told);
  whenParentIsGone(() => requested.abort());
  return {
    /** Aborts when a stop is requested: nothing may be started after that. */
    signal: requested.signal,
    request: () => requested.abort(),
    requested: once(requested.signal, 'abort'),
    insisted: once(insisted.signal, 'abort'),
  };
}

/** Watches the parent: npm passes a signal to its shell only, and the shell ends without passing it on. */
function whenParentIsGone(action) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const check = () => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    action();
  };
  const timer = setInterval(check, PARENT_CHECK_MS).unref();
}
