import {
  type Acquired,
  type Attempt,
  type Committed,
  type Cooldown,
  type Lease,
  type Offered,
  type Peeked,
  type Rejection,
  type StoredToken,
  type TokenStoreEvent,
} from '@mintonce/token-cache';
import { type NameFence } from './fence-names.js';
import { type StoreCall } from './store-call.js';

/** A call of the store, in a few words. */
export function callInWords({ operation, args }: StoreCall, nameOf: NameFence): string {
  const [, subject, ...rest] = args;
  switch (operation) {
    case 'acquire': {
      const { minTtlMs, refusedGeneration } = subject as Attempt;
      const other = refusedGeneration === undefined ? '' : ` another than ${nameOf(refusedGeneration)}`;
      return `acquire${other}${minTtlMs === 0 ? '' : ` a life above ${ms(minTtlMs)}`}`;
    }
    case 'renew':
      return `renew ${nameOf((subject as Lease).fence)}`;
    case 'commit': {
      const [payload, ttlMs] = rest as [string, number];
      return `commit ${accessTokenOf(payload)} under ${nameOf((subject as Lease).fence)} for ${ms(ttlMs)}`;
    }
    case 'fail': {
      const [cooldown] = rest as [Cooldown?];
      return `fail ${nameOf((subject as Lease).fence)}${cooldown ? `, cool down for ${ms(cooldown.remainingMs)}` : ''}`;
    }
    case 'offer': {
      const [payload, ttlMs] = rest as [string, number];
      return `offer ${accessTokenOf(payload)} of ${nameOf(subject as number)} for ${ms(ttlMs)}`;
    }
    case 'invalidate': {
      const { generation, isContested } = subject as Rejection;
      return `invalidate ${nameOf(generation)}${isContested ? ', contested' : ''}`;
    }
    default:
      return operation;
  }
}

/** What the store answered, in a few words. */
export function answerInWords({ operation }: StoreCall, answer: unknown, nameOf: NameFence): string {
  const tokenInWords = ({ fence, payload, ttlMs }: StoredToken): string =>
    `${accessTokenOf(payload)} ${nameOf(fence)} for ${ms(ttlMs)}`;
  const beside = (token?: StoredToken): string => (token ? ` beside ${tokenInWords(token)}` : '');
  const instead = (rejected?: StoredToken): string => (rejected ? `, rejected ${tokenInWords(rejected)}` : '');
  switch (operation) {
    case 'peek': {
      const { token, isRejected, cooldown } = answer as Peeked;
      const found = token ? `${tokenInWords(token)}${isRejected ? ', rejected' : ''}` : 'nothing';
      return cooldown ? `${found}, cooling for ${ms(cooldown.remainingMs)}` : found;
    }
    case 'acquire': {
      const acquired = answer as Acquired;
      switch (acquired.outcome) {
        case 'hit':
          return `hit ${tokenInWords(acquired.token)}`;
        case 'wait':
          return `wait ${ms(acquired.leaseEndsInMs)}${instead(acquired.rejected)}`;
        case 'cooling':
          return `cooling for ${ms(acquired.cooldown.remainingMs)}${instead(acquired.rejected)}`;
        case 'lease':
          return `lease ${nameOf(acquired.lease.fence)} (${acquired.reason})${beside(acquired.token)}${instead(acquired.rejected)}`;
      }
    }
    // falls through
    case 'commit':
    case 'offer': {
      const committed = answer as Committed | Offered;
      if (committed.outcome !== 'superseded') return committed.outcome;
      return committed.token ? `superseded by ${tokenInWords(committed.token)}` : 'superseded by nothing';
    }
    case 'purge':
    case 'purgeGroup':
      return `void up to ${nameOf(answer as number)}`;
    case 'invalidate':
      return String(answer);
    case 'renew':
      return answer === true ? 'still held' : 'lost';
    case 'fail':
      return answer === true ? 'released' : 'no longer held';
    default:
      return answer === undefined ? 'done' : withoutSecrets(JSON.stringify(answer));
  }
}

export function eventInWords({ type, fence }: TokenStoreEvent, nameOf: NameFence): string {
  return `${type} ${nameOf(fence)}`;
}

/** What an observer of the library was told: a decision of the process. */
export function decisionInWords(name: string, details: readonly unknown[]): string {
  const said = details.map((detail) => (typeof detail === 'object' ? entriesOf(detail) : short(detail)));
  return [name, ...said].join(' ');
}

function entriesOf(detail: object | null): string {
  const entries = Object.entries(detail ?? {});
  return entries.map(([name, value]) => `${name}=${short(value)}`).join(' ');
}

function short(value: unknown): string {
  if (typeof value !== 'number') return String(value);
  return value > FIRST_EPOCH_MS ? new Date(value).toISOString() : String(Math.round(value * 10) / 10);
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

/** No payload is sealed in the simulation. */
function accessTokenOf(payload: string): string {
  return (JSON.parse(payload) as { accessToken: string }).accessToken;
}

/** Nonces and the names of processes are random beyond any seed. */
function withoutSecrets(text: string): string {
  return text.replace(/"(?:nonce|process)":"[^"]*",?/g, '').replace(/"payload":"(?:[^"\\]|\\.)*",?/g, '');
}

/** Above any duration. */
const FIRST_EPOCH_MS = 1e12;
