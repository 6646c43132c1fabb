import { Module } from '@nestjs/common';
import { makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { AuditLog } from './audit-log.js';
import { Gatekeeper } from './gatekeeper.js';

const refusals = makeCounterProvider({
  name: 'gateway_refusals_total',
  help: 'Requests that a door did not let in, by the code of the answer',
  labelNames: ['door', 'code'],
});

/** Provides what decides who may do what, and what writes it down. */
@Module({ providers: [Gatekeeper, AuditLog, refusals], exports: [Gatekeeper, AuditLog, refusals] })
export class AccessModule {}
