import { AsyncLocalStorage } from 'node:async_hooks';
import { type ObservedWork } from './contract/observed-work.js';
import { TokenCacheError, type TokenSourceError } from './contract/token-cache.errors.js';
import {
  type GetOutcome,
  type HitLayer,
  type MintOutcome,
  type RejectionOutcome,
  type StoreOperation,
  TokenObserver,
} from './contract/token-observer.js';
import { type MintReason } from './contract/token-store.js';

/** A call that could not be given the token in hand. */
interface Call {
  readonly integration: string;
  readonly name: string;
  isOver: boolean;
}

/**
 * Prints what each call for a token did: a line for each of its steps and one for its end, with durations in ms. That of a mint
 * is the time from asking the source to the answer to the commit. A call that joins the work of another one has none of its steps,
 * and a step behind the callers' backs, such as one of a refresh, has no number of a call. For development, and for a look at one
 * process: each call that is given the token in hand has a line as well. A line holds names of integrations, operations, outcomes and
 * error codes, never a token, a tenant or what a server said.
 *
 * @example
 * tokens.observe(new TokenCallLog((line) => logger.debug(line)));
 * // billing #1: asks
 * // billing #1: store acquire, 0.6 ms
 * // billing #1: mint begins (miss)
 * // billing #1: store commit, 0.5 ms
 * // billing #1: holds a token that expires at 2026-11-26T09:30:00.000Z
 * // billing #1: mint stored (miss), 84.2 ms
 * // billing #1: served (minted)
 */
export class TokenCallLog extends TokenObserver {
  private readonly calls = new AsyncLocalStorage<Call>();
  private count = 0;

  /** @param print is given one line at a time, without a line break */
  constructor(private readonly print: (line: string) => void) {
    super();
  }

  override getting(integration: string): ObservedWork<GetOutcome> {
    const call: Call = { integration, name: `${integration} #${++this.count}`, isOver: false };
    this.print(`${call.name}: asks`);
    return {
      within: (work) => this.calls.run(call, work),
      ended: (end) => {
        call.isOver = true;
        this.print(`${call.name}: ${'outcome' in end ? `served (${end.outcome})` : `failed (${codeOf(end.error)})`}`);
      },
    };
  }

  override minting(integration: string, reason: MintReason): undefined {
    this.tell(integration, `mint begins (${reason})`);
  }

  override minted(
    integration: string,
    { outcome, reason, durationMs }: { outcome: MintOutcome; reason: MintReason; durationMs: number },
  ): void {
    this.tell(integration, `mint ${outcome} (${reason}), ${inMs(durationMs)}`);
  }

  override mintFailed(integration: string, { code, retryAfterMs = 0 }: TokenSourceError): void {
    const pause = retryAfterMs > 0 ? `, left alone for ${inMs(retryAfterMs)}` : '';
    this.tell(integration, `source failed (${code})${pause}`);
  }

  /** The end of a call that `getting` was told of has a line there. */
  override hit(integration: string, layer: HitLayer): void {
    if (layer === 'near' && !this.callOf(integration)) this.tell(integration, 'served (near)');
  }

  override learned(integration: string, expiresAt: number): void {
    this.tell(integration, `holds a token that expires at ${new Date(expiresAt).toISOString()}`);
  }

  override waited(integration: string, durationMs: number): void {
    this.tell(integration, `waited for another process, ${inMs(durationMs)}`);
  }

  override storeCalled(operation: StoreOperation, durationMs: number, failed: boolean): void {
    this.tell(undefined, `store ${operation}${failed ? ' failed' : ''}, ${inMs(durationMs)}`);
  }

  override leaseLost(integration: string): void {
    this.tell(integration, 'lease lost');
  }

  override refreshFailed(integration: string, code: string): void {
    this.tell(integration, `refresh failed (${code})`);
  }

  override rejected(integration: string, outcome: RejectionOutcome): void {
    this.tell(integration, `token refused by an upstream (${outcome})`);
  }

  override superseded(integration: string): void {
    this.tell(integration, 'commit superseded');
  }

  override unreadable(integration: string): void {
    this.tell(integration, 'stored token unreadable');
  }

  /** @param integration of the step, or undefined for one of the store, which may be for several */
  private tell(integration: string | undefined, what: string): void {
    const whose = this.callOf(integration)?.name ?? integration;
    this.print(whose === undefined ? what : `${whose}: ${what}`);
  }

  /** The call under way to which a step of that integration belongs; a source may call for a token of another one. */
  private callOf(integration: string | undefined): Call | undefined {
    const call = this.calls.getStore();
    const isIts = integration === undefined || integration === call?.integration;
    return call && !call.isOver && isIts ? call : undefined;
  }
}

function inMs(durationMs: number): string {
  return `${Math.round(durationMs * 10) / 10} ms`;
}

/** A message may quote what a server said. */
function codeOf(error: unknown): string {
  return error instanceof TokenCacheError ? error.code : 'no error of the library';
}
