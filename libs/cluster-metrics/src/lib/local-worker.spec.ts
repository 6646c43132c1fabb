import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Counter, register } from 'prom-client';
import { resolveOptions } from './cluster-metrics.options.js';
import { LocalWorker } from './local-worker.js';
import { locate } from './placement.js';
import { SnapshotStore } from './snapshot-store.js';

describe('LocalWorker', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cm-local-'));

  afterAll(() => {
    register.clear();
    rmSync(directory, { recursive: true, force: true });
  });

  it('saves every count before it stops, even if collecting takes longer than the timeout of a scrape', async () => {
    const counter = new Counter({ name: 'slow', help: 'h', collect: () => delay(50) });
    const { worker } = locate('shop');
    const store = new SnapshotStore(directory);
    const local = new LocalWorker(worker, store, resolveOptions({ timeoutMs: 1, snapshotIntervalMs: 60_000 }));
    await local.start(join(directory, 's.sock'));
    counter.inc();
    await local.stop();
    const { snapshots } = await store.read();
    expect(snapshots[0]?.families).toMatchObject([{ name: 'slow', values: [{ value: 1 }] }]);
  });
});
