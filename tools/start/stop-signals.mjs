import { once } from 'node:events';

const PARENT_CHECK_MS = 500;

/** Ctrl-C, SIGTERM, a closed terminal, or the death of the npm that started us; said twice, it is an order. */
export function stopSignals() {
  const requested = new AbortController();
  const insisted = new AbortController();
  const told = () => (requested.signal.aborted ? insisted : requested).abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, told);
  whenParentIsGone(() => requested.abort());
  return {
    /** Aborted when everything is to stop: nothing may be started from then on. */
    signal: requested.signal,
    request: () => requested.abort(),
    requested: once(requested.signal, 'abort'),
    insisted: once(insisted.signal, 'abort'),
  };
}

/** npm hands a signal to its shell, and the shell dies of it without telling us. */
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
