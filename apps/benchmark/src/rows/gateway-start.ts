import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RunningParts } from '@mintonce/test-support';
import { comparisonOf, type Sampled, within } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { startGateway } from '../proxies/gateway.js';
import { startScript } from '../proxies/proxy.js';

/** A start takes a second or two. */
const MOST_ROUNDS = 3;
const REDIS = 'gateway on Redis';

export const gatewayStart: Row = {
  name: 'gateway-start',
  work: 'The start of a proxy: from its process to the first request that is answered, with a token',
  notes: ['A part of it is Node itself and the modules that are loaded, which the first line has as well.'],
  async run(bench) {
    const { url: upstream } = await startScript(bench, 'upstream');
    const starts: [name: string, role: Sampled['role'], start: (bench: Bench) => Promise<unknown>][] = [
      ['node:http and undici', 'limit', (own) => startScript(own, 'bare', upstream)],
      [REDIS, 'ours', (own) => startGateway(own, 'redis', upstream)],
      ['gateway on SQLite', 'ours', (own) => startGateway(own, 'sqlite', upstream)],
      ['@fastify/reply-from', 'peer', (own) => startScript(own, 'reply-from', upstream)],
    ];
    const samples = new Map(starts.map(([name]) => [name, [] as number[]]));
    for (let round = 0; round < Math.min(bench.effort.rounds, MOST_ROUNDS); round++) {
      for (const [name, , start] of starts) samples.get(name)?.push(await msOf(bench, `${name}-${round}`, start));
    }
    const sampled = starts.map(([name, role]): Sampled => ({ name, role, samples: samples.get(name) ?? [] }));
    const comparison = comparisonOf({ title: 'Start of a proxy', unit: 'ms', better: 'lower' }, sampled);
    return { comparisons: [comparison], goals: [within(comparison, REDIS, 2_000)] };
  },
};

/** Each start has a folder of its own, and ends before the next. */
async function msOf(bench: Bench, name: string, start: (bench: Bench) => Promise<unknown>): Promise<number> {
  const running = new RunningParts();
  const directory = join(bench.directory, name.replaceAll(/\W/g, '-'));
  mkdirSync(directory);
  try {
    const startedAt = performance.now();
    await start({ ...bench, directory, running });
    return performance.now() - startedAt;
  } finally {
    await running.stop();
  }
}
