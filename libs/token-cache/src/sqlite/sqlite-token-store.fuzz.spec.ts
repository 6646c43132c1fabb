import { join } from 'node:path';
import { recordEvidence, type TemporaryDirectory, temporaryDirectory } from '@mintonce/test-support';
import Database from 'libsql';
import { keyIdIn } from '../core/contract/key-group.js';
import { fuzz, fuzzTimeoutMs } from '../testing/model/fuzz.spec-support.js';
import { StoreProcess } from '../testing/model/store-process.spec-support.js';
import { type StoreSystem } from '../testing/model/store-system.spec-support.js';

const HISTORIES = 150;
const NAMESPACE = 'shop';
const EPOCH = Date.UTC(2026, 0, 1);

// A limit for hung processes only: no assertion depends on the speed of the machine.

describe('SqliteTokenStore of the built library in three processes', () => {
  let directory: TemporaryDirectory;
  let path: string;
  let database: Database.Database;
  let processes: StoreProcess[];
  let histories = 0;

  beforeAll(async () => {
    directory = temporaryDirectory();
    path = join(directory.path, 'tokens.db');
    processes = await Promise.all([1, 2, 3].map(() => StoreProcess.start('sqlite', path, NAMESPACE)));
    database = new Database(path);
    database.exec('PRAGMA busy_timeout = 5000');
  });

  afterAll(async () => {
    database?.close();
    await Promise.all((processes ?? []).map((process) => process.stop()));
    directory.remove();
  });

  /** A namespace of its own in the common file; the processes take the time from the test. */
  function system(): StoreSystem {
    const id = `key ${++histories}`;
    const group = String(histories).padStart(12, 'g');
    const bytes = Buffer.from(id);
    let now = EPOCH;
    const forget = () => void database.prepare('DELETE FROM slots WHERE keyId = ?').run([bytes]);
    return {
      keyId: keyIdIn(group, id),
      group,
      processes: processes.map((process) => {
        const store = process.store(() => now);
        return {
          ...store,
          // As below: what a purge voids is known by its fence once the row is lost.
          async purgeGroup(of: string) {
            now += 1_000;
            return store.purgeGroup(of);
          },
        };
      }),
      async moveClock(ms) {
        now += ms;
      },
      // Time stands still between two clock commands, so fences may run ahead of it by 1 ms a command.
      async lose() {
        forget();
        now += 1_000;
      },
      async kept() {
        const select = database.prepare('SELECT tokenEndsAt, keptUntil FROM slots WHERE keyId = ?');
        const row = select.get([bytes]) as { tokenEndsAt: number; keptUntil: number } | undefined;
        return {
          ...(row && { record: row.keptUntil - now }),
          ...(row && row.tokenEndsAt > now && { token: row.tokenEndsAt - now }),
        };
      },
      dispose: async () => forget(),
    };
  }

  it(
    'gives the answers of the specification to every random history, with losses and a fast clock',
    async () => {
      const { histories, commands } = await fuzz(system, HISTORIES, { losses: ['everything'], noticesSetBack: true });
      recordEvidence({
        promises: [1],
        fault:
          'random commands from three processes, sent twice, late and after the loss of the row, and a clock that jumps ahead',
        seen: `${histories} histories, ${commands} commands on SQLite: granted and published fences rise, stale commits are refused, no row is kept for longer or shorter than specified`,
      });
    },
    fuzzTimeoutMs(HISTORIES),
  );
});
