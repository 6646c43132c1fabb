import { type DynamicModule, Module } from '@nestjs/common';
import { LOG, type Log } from './log.js';
import { RequestLog } from './request-log.js';

/** Provides the log to every module. */
@Module({})
export class LogModule {
  static forRoot(log: Log): DynamicModule {
    return {
      module: LogModule,
      global: true,
      providers: [{ provide: LOG, useValue: log }, RequestLog],
      exports: [LOG, RequestLog],
    };
  }
}
