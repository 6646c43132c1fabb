import 'reflect-metadata';
import { connect } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { TokenCacheModule, tokenSource, TokenService } from '@mintonce/token-cache';
import { clientCredentials } from '@mintonce/token-cache/oauth';
import { HoldUps } from '../hold-ups.js';
import { LineLink } from '../line-link.js';
import { type Answer, type Message, type Report, type Request, type WorkerSettings } from '../messages.js';
import { tokenDigest } from '../token-digest.js';
import { Callers, INTEGRATION } from './callers.js';
import { ReportingObserver } from './reporting-observer.js';
import { openStore } from './token-store.js';
import { skewWallClock } from './wall-clock.js';

const settings = JSON.parse(process.env['CHAOS_WORKER'] ?? '') as WorkerSettings;
const { name, tokenEndpoint, clientSecret, options } = settings;

const link = new LineLink<Request, Message>(connect(settings.socketPath));
// A fleet that is gone leaves nobody behind.
link.onClosed(() => process.exit(1));

// One client, although each worker has an endpoint of its own: the witness knows by it who calls.
const { mint } = clientCredentials({
  tokenEndpoint,
  clientId: 'demo',
  clientSecret,
  scope: 'api:read',
  allowInsecureRequests: true,
});
const mintAndTell: typeof mint = async (request, context) => {
  const minted = await mint(request, context);
  if (context.fence === 0) link.send({ type: 'mintedAlone', token: tokenDigest(minted.accessToken) });
  return minted;
};
const { store, close } = openStore(settings.store);
const app = await NestFactory.createApplicationContext(
  TokenCacheModule.forRoot({
    store,
    ...options,
    integrations: { [INTEGRATION]: { source: tokenSource('the one client', mintAndTell) } },
  }),
  { logger: ['error', 'warn'] },
);
const tokens = app.get(TokenService);
const observer = new ReportingObserver((observation) => link.send({ type: 'observed', observation }));
tokens.observe(observer);

const callers = new Callers(tokens, {
  answered: (answer) => collect(answer),
  rejected: (rejection) => link.send({ type: 'rejected', rejection }),
});
const holdUps = new HoldUps();

let collected: Answer[] = [];

/** Answers go out by the turn of the event loop, so that a thousand of them are a few lines. */
function collect(answer: Answer): void {
  if (collected.length === 0) setImmediate(flush);
  collected.push(answer);
}

function flush(): void {
  const answers = collected;
  collected = [];
  if (answers.length > 0) link.send({ type: 'answers', answers });
}

async function obey(request: Request): Promise<unknown> {
  switch (request.do) {
    case 'burst':
      return callers.burst(request.key, request.count);
    case 'load':
      return callers.load(request.key, request.everyMs);
    case 'rest':
      return callers.rest();
    case 'leave':
      return callers.call(request.key, AbortSignal.timeout(request.afterMs));
    case 'invalidate':
      return callers.invalidate(request.key, request.times);
    case 'purge':
      return callers.purge(request.key);
    case 'skew':
      return skewWallClock(request.ms);
    case 'report':
      return report();
  }
}

async function report(): Promise<Report> {
  const { acquiredAt } = observer;
  return {
    inFlight: callers.inFlight,
    storeAvailable: await storeAvailable(),
    acquiredAt,
    wallClockAt: Date.now(),
    heldUpMs: holdUps.totalMs,
  };
}

/** Whether the store takes writes, and whether the integration's own breaker lets calls through again. */
async function storeAvailable(): Promise<boolean> {
  const { state } = await tokens.status(INTEGRATION, { resource: 'https://nobody.example/' });
  return state !== 'unknown' && (await tokens.storeAvailable());
}

link.onMessage((request) => {
  obey(request).then(
    (result) => {
      flush();
      link.send({ type: 'done', id: request.id, result });
    },
    (error: Error) => link.send({ type: 'done', id: request.id, error: error.message }),
  );
});

/** As an HTTP server does: no new callers, an answer for those who are here, and an orderly end. */
process.once('SIGTERM', () => void end());

async function end(): Promise<void> {
  const answered = callers.rest();
  await app.close();
  await answered;
  await close();
  flush();
  await link.end();
  process.exit(0);
}

link.send({ type: 'hello', name, pid: process.pid });
