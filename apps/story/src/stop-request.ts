const PARENT_CHECK_MS = 500;

/** Resolves at Ctrl-C, SIGTERM, a closed terminal or the end of npm, which passes its signals on to its shell only. */
export function stopRequest(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
    if (!process.env['npm_lifecycle_event']) return;
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && resolve(), PARENT_CHECK_MS).unref();
  });
}
