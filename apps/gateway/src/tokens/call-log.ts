import { TokenCallLog, TokenService } from '@mintonce/token-cache';
import { Injectable } from '@nestjs/common';
import { InjectLog, type Log } from '../log/log.js';

/** At the level `trace`, a line for each step of each call for a token. */
@Injectable()
export class CallLog {
  constructor(tokens: TokenService, @InjectLog() log: Log) {
    if (!log.isLevelEnabled('trace')) return;
    tokens.observe(new TokenCallLog((line) => log.trace({ context: 'TokenCalls' }, line)));
  }
}
