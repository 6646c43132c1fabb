import axios from 'axios';
import { Agent, request } from 'undici';
import { useToken } from '../axios/use-token.js';
import { type TokenPolicyOptions } from '../core/config/policy.js';
import { MemoryTokenStore } from '../core/slot/memory-token-store.js';
import { TokenClient } from '../core/token-client.js';
import { tokenInterceptor } from '../undici/token-interceptor.js';
import { CredentialServer } from './credential-server.spec-support.js';
import { FakeTokenSource } from './fake-token-source.js';
import { PacedClock } from './paced-clock.spec-support.js';

const REQUESTS = 30;
const EVERY_MS = 100;
const ACCEPTED_AFTER_MS = 20;
/** What makes a token old enough to be replaced at once. */
const AGE_MS = 10_000;

interface Door {
  send(url: string): Promise<number>;
  close(): Promise<void>;
}

const DOORS: Record<string, (tokens: TokenClient) => Door> = {
  fetch: (tokens) => ({
    send: async (url) => (await tokens.fetch('billing', url)).status,
    close: async () => {},
  }),
  undici: (tokens) => {
    const dispatcher = new Agent().compose(tokenInterceptor(tokens, 'billing'));
    return {
      send: async (url) => {
        const { statusCode, body } = await request(url, { dispatcher });
        await body.dump();
        return statusCode;
      },
      close: () => dispatcher.close(),
    };
  },
  axios: (tokens) => {
    const client = axios.create({ validateStatus: () => true });
    useToken(client, tokens, 'billing');
    return { send: async (url) => (await client.get(url)).status, close: async () => {} };
  },
};

/** A request that the upstream decides on. */
interface Asked {
  readonly path: string;
  /** The number of its token: 1 for the first that was minted. */
  readonly token: number;
  /** Since the upstream first saw that token. */
  readonly knownForMs: number;
}

interface Row {
  readonly what: string;
  readonly refuses: (asked: Asked) => boolean;
  /** @defaultValue 401 */
  readonly status?: number;
  readonly challenge?: string;
  readonly policy?: TokenPolicyOptions;
  /** Whether the first token is old enough to be replaced at once. @defaultValue false */
  readonly isAged?: boolean;
  readonly mints: number;
  /** What the callers of each path are answered. */
  readonly answers: Readonly<Record<string, readonly number[]>>;
}

const always = (): boolean => true;
const isRevoked = ({ token }: Asked): boolean => token === 1;

const ROWS: Row[] = [
  {
    what: 'does not know a new token for its first second',
    refuses: ({ knownForMs }) => knownForMs < 1_000,
    mints: 3,
    answers: { '/ok': [200] },
  },
  { what: 'answers 401 for ever', refuses: always, mints: 5, answers: { '/ok': [401] } },
  {
    what: 'answers one path with 401, and another with 200',
    refuses: ({ path }) => path === '/forbidden',
    mints: 3,
    answers: { '/ok': [200], '/forbidden': [401] },
  },
  {
    what: 'answers 401 for a revoked token',
    refuses: isRevoked,
    isAged: true,
    mints: 2,
    answers: { '/ok': [200] },
  },
  ...[403, 419, 498].map((status) => ({
    what: `answers ${status} for a revoked token, with renewOn [401, ${status}]`,
    refuses: isRevoked,
    status,
    policy: { renewOn: [401, status] },
    isAged: true,
    mints: 2,
    answers: { '/ok': [200] },
  })),
  {
    what: 'answers 403 for ever, with renewOn [401, 403]',
    refuses: always,
    status: 403,
    policy: { renewOn: [401, 403] },
    mints: 5,
    answers: { '/ok': [403] },
  },
  {
    what: 'answers 403 for a revoked token, with the default of renewOn',
    refuses: isRevoked,
    status: 403,
    isAged: true,
    mints: 1,
    answers: { '/ok': [403] },
  },
  {
    what: 'answers 401 for a revoked token, with renewOn [403]',
    refuses: isRevoked,
    policy: { renewOn: [403] },
    isAged: true,
    mints: 1,
    answers: { '/ok': [401] },
  },
  ...['insufficient_scope', 'invalid_request'].flatMap((error) =>
    [401, 403].map((status) => ({
      what: `answers ${status} ${error} for ever, with renewOn [401, 403]`,
      refuses: always,
      status,
      challenge: `Bearer realm="billing", error="${error}"`,
      policy: { renewOn: [401, 403] },
      isAged: true,
      mints: 1,
      answers: { '/ok': [status] },
    })),
  ),
];

interface Outcome {
  readonly mints: number;
  /** The statuses that the callers of each path had. */
  readonly answers: Readonly<Record<string, readonly number[]>>;
}

describe('Thirty requests, a tenth of a second apart', () => {
  const outcomes = new Map<string, Outcome>();
  const cases = ROWS.flatMap((row) => Object.keys(DOORS).map((door) => [row.what, door, row] as const));

  beforeAll(async () => {
    await Promise.all(
      cases.map(async ([what, door, row]) => outcomes.set(`${what} ${door}`, await outcomeOf(row, DOORS[door]!))),
    );
  });

  it.each(cases)('to an upstream that %s, by %s', (what, door, { mints, answers }) => {
    const outcome = outcomes.get(`${what} ${door}`)!;
    expect(outcome.mints).toBeLessThanOrEqual(mints);
    expect(outcome.answers).toEqual(answers);
  });
});

async function outcomeOf(row: Row, open: (tokens: TokenClient) => Door): Promise<Outcome> {
  const clock = new PacedClock();
  const server = await upstreamOf(row, clock);
  const source = new FakeTokenSource('t');
  const billing = { ...row.policy, source };
  const tokens = new TokenClient({ store: new MemoryTokenStore({ clock }), integrations: { billing }, clock });
  const door = open(tokens);
  try {
    if (row.isAged) {
      await tokens.getToken('billing');
      await clock.advance(AGE_MS);
    }
    clock.start();
    return {
      answers: await answersOf(row, (path) => door.send(new URL(path, server.url).href), clock),
      mints: source.calls.length,
    };
  } finally {
    await door.close();
    await tokens.close();
    clock.stop();
    server.stop();
  }
}

/** The statuses that the callers of each path had. */
async function answersOf(
  row: Row,
  send: (path: string) => Promise<number>,
  clock: PacedClock,
): Promise<Outcome['answers']> {
  const paths = Object.keys(row.answers);
  const calls: Promise<[path: string, status: number]>[] = [];
  for (let index = 0; index < REQUESTS; index++) {
    const path = paths[index % paths.length]!;
    calls.push(send(path).then((status) => [path, status]));
    await clock.sleep(EVERY_MS);
  }
  const had = await Promise.all(calls);
  return Object.fromEntries(
    paths.map((path) => [path, [...new Set(had.filter(([asked]) => asked === path).map(([, status]) => status))]]),
  );
}

async function upstreamOf({ refuses, status = 401, challenge }: Row, clock: PacedClock): Promise<CredentialServer> {
  const server = await CredentialServer.start();
  const firstSeenAt = new Map<number, number>();
  server.answer = ({ url = '', headers }, response) => {
    const token = Number(headers.authorization?.split('-').at(-1));
    const now = clock.monotonic();
    firstSeenAt.set(token, firstSeenAt.get(token) ?? now);
    const isRefused = refuses({ path: url, token, knownForMs: now - firstSeenAt.get(token)! });
    if (isRefused) response.writeHead(status, challenge ? { 'www-authenticate': challenge } : {});
    // An acceptance that overtakes the refusal before it makes that one contested, which a loop that is held up would do by chance.
    if (isRefused) response.end();
    else clock.after(ACCEPTED_AFTER_MS, () => response.end());
  };
  return server;
}
