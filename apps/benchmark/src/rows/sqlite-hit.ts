import { join } from 'node:path';
import { type TokenClient } from '@mintonce/token-cache';
import { SqliteTokenStore } from '@mintonce/token-cache/sqlite';
import Database from 'libsql';
import { INTEGRATION, openClient } from '../contenders/ours.js';
import { type Contender, contest, processorNs } from '../harness/contest.js';
import { atMost, comparisonOf } from '../harness/finding.js';
import { type Row } from '../harness/row.js';

const ONE = 'getToken(), one at a time';
const TURN = 'getToken(), 100 callers in one turn of the event loop';
const CALLERS = 100;

export const sqliteHit: Row = {
  name: 'sqlite-hit',
  work: 'A token on SQLite, which asks at each look-up whether another process has changed it',
  notes: ['No peer shares a file with a copy in the process that is always current.'],
  async run(bench) {
    const path = join(bench.directory, 'tokens.sqlite');
    const client = openClient(bench, new SqliteTokenStore({ path }));
    await client.getToken(INTEGRATION);
    const database = new Database(path);
    bench.running.onStop(() => database.close());
    const contenders = [dataVersion(database), select(database), oneAtATime(client), inOneTurn(client)];
    const sampled = await contest(contenders, bench.effort, processorNs);
    const comparison = comparisonOf({ title: 'Hit on SQLite', unit: 'ns', better: 'lower' }, sampled);
    return { comparisons: [comparison], goals: [atMost(comparison, ONE, 1.5), atMost(comparison, TURN, 0.2)] };
  },
};

function dataVersion(database: Database.Database): Contender {
  const statement = database.prepare('PRAGMA data_version');
  return {
    name: 'PRAGMA data_version',
    role: 'limit',
    remark: 'the least that tells whether another process wrote',
    async run(times) {
      for (let time = 0; time < times; time++) statement.get([]);
    },
  };
}

function select(database: Database.Database): Contender {
  const statement = database.prepare('SELECT * FROM slots WHERE namespace = ? AND keyId = ?');
  const [row] = database.prepare('SELECT namespace, keyId FROM slots').all([]) as {
    namespace: Buffer;
    keyId: Buffer;
  }[];
  if (!row) throw new Error('the file has no token');
  const key = [Buffer.from(row.namespace), Buffer.from(row.keyId)];
  return {
    name: 'SELECT of the row, prepared',
    role: 'limit',
    async run(times) {
      for (let time = 0; time < times; time++) statement.get(key);
    },
  };
}

function oneAtATime(client: TokenClient): Contender {
  return {
    name: ONE,
    role: 'ours',
    async run(times) {
      for (let time = 0; time < times; time++) await client.getToken(INTEGRATION);
    },
  };
}

function inOneTurn(client: TokenClient): Contender {
  return {
    name: TURN,
    role: 'ours',
    remark: 'per caller',
    async run(times) {
      for (let time = 0; time < times; time += CALLERS) {
        await Promise.all(Array.from({ length: CALLERS }, () => client.getToken(INTEGRATION)));
      }
    },
  };
}
