import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** What `/echo` said, or whatever else came as JSON. */
  body: { credential?: { digest?: string; active?: boolean }; code?: string } & Record<string, unknown>;
}

/** A connection of its own for every request, so that PM2 spreads them over the workers. */
const unpooled = new Agent({ pipelining: 0, connections: null, headersTimeout: 60_000 });

/** One GET; an answer of any status, or an error when the connection breaks. */
export async function get(url: string, signal?: AbortSignal): Promise<Answer> {
  const { statusCode, headers, body } = await request(url, { dispatcher: unpooled, signal });
  return { status: statusCode, headers, body: JSON.parse((await body.text()) || '{}') as Answer['body'] };
}

/** That many GETs at once. */
export function burst(url: string, count: number): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, () => get(url)));
}

export interface SteadyLoad<T> {
  readonly answers: T[];
  readonly errors: unknown[];
  /** Ends the load; resolves when every request is answered. */
  stop(): Promise<void>;
}

/** What a client does between two requests. Without it the clients take the processors from the workers that they test. */
const THINK_MS = 20;

/** GETs from several clients until it is stopped. */
export function steadyLoad(url: string, clients = 4): SteadyLoad<Answer> {
  return sendSteadily(Array.from({ length: clients }, () => () => get(url)));
}

/** One client for each of these requests, which it sends again and again until the load is stopped. */
export function sendSteadily<T>(requests: readonly (() => Promise<T>)[]): SteadyLoad<T> {
  const answers: T[] = [];
  const errors: unknown[] = [];
  let isRunning = true;
  const client = async (send: () => Promise<T>): Promise<void> => {
    while (isRunning) {
      await send().then(
        (answer) => answers.push(answer),
        (error) => errors.push(error),
      );
      await sleep(THINK_MS);
    }
  };
  const done = Promise.all(requests.map(client));
  return {
    answers,
    errors,
    async stop() {
      isRunning = false;
      await done;
    },
  };
}

/** How often each status was answered. */
export function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
