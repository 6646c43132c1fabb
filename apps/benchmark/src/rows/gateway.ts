import { atLeast, atMost, type Comparison, comparisonOf } from '../harness/finding.js';
import { type Bench, type Row } from '../harness/row.js';
import { startGateway } from '../proxies/gateway.js';
import { Load, type Performance } from '../proxies/load.js';
import { startNginx } from '../proxies/nginx.js';
import { type Proxy, startScript } from '../proxies/proxy.js';

/** Of one proxy in one round; shorter ones are noise beside the turns of the garbage collector. */
const ROUND_FACTOR = 10;
const WARM_UP_ROUNDS = 3;
const REPLY_FROM = '@fastify/reply-from';

export const gateway: Row = {
  name: 'gateway',
  work: 'A request of 1 KB through one process, on 64 connections that stay open, with a token that is cached',
  notes: [
    'The gateway does more for each request than the others: it checks the way into the upstream, strips and sets headers, checks answers for references, counts and times. nginx is written in C and knows a fixed token only.',
    'On is what is on by default: a line of the log for each request, metrics, and the checks of the door. No caller has a limit by default.',
  ],
  limit: [
    'The goal leaves it a quarter of what bare takes, and the log alone takes more.',
    'By a profile on a busy machine, a request took bare 100 us of the processor and the gateway 240 us: 47 us undici and the connection to the upstream, 42 us node:http and the connection to the caller, 42 us the garbage collector, 31 us the log, 23 us headers, relay and time limits of the exchange, 19 us event loop, streams and timers of Node, 14 us the token, 13 us metrics, most of which is a snapshot each second for the sibling workers whatever the rate, 5 us the checks of the door.',
    'Bare has the connections, a part of the event loop and little garbage.',
    'Beside reply-from it is the same work: in a run with little else on the machine, a request took 48 us of the processor with bare, 68 us with reply-from and 162 us with the gateway on Redis. So reply-from has 20 us beyond the connections, and the log of the gateway has as much by its part of the profile.',
    'On SQLite a request took 185 us in that run; the row sqlite-hit has 4.7 us for a look-up alone in its turn, and the rest of the difference was not measured apart.',
    'The p99 follows from the rate, since the load always keeps 64 requests under way: at the rates of that run, 64 requests are 4.8 ms of reply-from and 11.9 ms of the gateway, 2.5 times as long, of which the p99 shows 2.05 times.',
  ],
  async run(bench) {
    const proxies = await startProxies(bench);
    const performances = await inTurn(proxies, bench);
    const rate = compare('Requests', 'requests/s', 'higher', performances, ({ perSecond }) => perSecond);
    const capacity = compare(
      'Requests in a second of the processor',
      'requests/s',
      'higher',
      performances,
      ({ perProcessorSecond }) => perProcessorSecond,
    );
    const p99 = compare('p99', 'ms', 'lower', performances, ({ p99Ms }) => p99Ms);
    const ours = proxies.filter(({ role }) => role === 'ours').map(({ name }) => name);
    const goals = ours.flatMap((name) => [
      atLeast(rate, name, 0.8),
      atLeast(capacity, name, 0.8),
      atLeast(
        beside(REPLY_FROM, capacity, performances, ({ perProcessorSecond }) => perProcessorSecond),
        name,
        1,
      ),
      atMost(
        beside(REPLY_FROM, p99, performances, ({ p99Ms }) => p99Ms),
        name,
        1,
      ),
    ]);
    return { comparisons: [rate, capacity, p99], goals };
  },
};

type Performances = ReadonlyMap<Proxy, readonly Performance[]>;

async function startProxies(bench: Bench): Promise<Proxy[]> {
  const { url: upstream } = await startScript(bench, 'upstream');
  const bare: Proxy = { name: 'node:http and undici', role: 'limit', ...(await startScript(bench, 'bare', upstream)) };
  const replyFrom: Proxy = { name: REPLY_FROM, role: 'peer', ...(await startScript(bench, 'reply-from', upstream)) };
  const gateways = [await startGateway(bench, 'redis', upstream), await startGateway(bench, 'sqlite', upstream)];
  const nginx = await startNginx(bench, upstream);
  return [bare, ...gateways, replyFrom, ...(nginx ? [nginx] : [])];
}

async function inTurn(proxies: readonly Proxy[], { effort, running }: Bench): Promise<Performances> {
  const loads = proxies.map((proxy) => ({ proxy, load: new Load(proxy), performances: [] as Performance[] }));
  running.onStop(() => Promise.all(loads.map(({ load }) => load.close())));
  for (let round = 0; round < WARM_UP_ROUNDS + effort.rounds; round++) {
    for (let place = 0; place < loads.length; place++) {
      const entrant = loads[(place + round) % loads.length];
      const performance = await entrant?.load.run(effort.roundMs * ROUND_FACTOR);
      if (performance && round >= WARM_UP_ROUNDS) entrant?.performances.push(performance);
    }
  }
  return new Map(loads.map(({ proxy, performances }) => [proxy, performances]));
}

function compare(
  title: string,
  unit: string,
  better: Comparison['better'],
  performances: Performances,
  valueOf: (performance: Performance) => number,
): Comparison {
  const sampled = [...performances].map(([{ name, role, remark }, rounds]) => ({
    name,
    role,
    remark,
    samples: rounds.map(valueOf),
  }));
  return comparisonOf({ title, unit, better }, sampled);
}

/** The same with another base. */
function beside(
  base: string,
  { title, unit, better }: Comparison,
  performances: Performances,
  valueOf: (performance: Performance) => number,
): Comparison {
  const sorted = [...performances].sort(([one], [other]) => Number(other.name === base) - Number(one.name === base));
  return compare(title, unit, better, new Map(sorted), valueOf);
}
