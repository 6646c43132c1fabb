import { type Consumer } from './consumer.js';

const NAME = '@mintonce/token-cache';

/** Puts every entry point of the library to use in a generated project, in its sources and in its tests. */
export function useLibrary(project: Consumer, extension: '' | '.js'): void {
  for (const [file, source] of Object.entries(SOURCES)) {
    project.write(file, source.replaceAll(/(from '\.{1,2}\/[\w./]+)'/g, `$1${extension}'`));
  }
}

const SOURCES = {
  'src/app.module.ts': `
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { TokenCacheModule } from '${NAME}';
import { TokenCacheHealthIndicator } from '${NAME}/health';
import { clientCredentials } from '${NAME}/oauth';
import { TokenCacheMetricsModule } from '${NAME}/prometheus';
import { RedisTokenStore } from '${NAME}/redis';
import { SqliteTokenStore } from '${NAME}/sqlite';
import { FakeTokenSource } from '${NAME}/testing';
import { Redis } from 'ioredis';
import { AppController } from './app.controller';
import { AppService } from './app.service';

export const redisStore = () => new RedisTokenStore(new Redis({ lazyConnect: true }));
const crm = clientCredentials({ issuer: 'https://idp.example', clientId: 'shop', clientSecret: 'secret' });

@Module({
  imports: [
    TokenCacheModule.forRootAsync({
      useFactory: () => ({
        store: new SqliteTokenStore({ path: process.env['TOKENS'] ?? 'tokens.sqlite' }),
        integrations: { crm: { source: crm } },
      }),
    }),
    TokenCacheModule.forFeatureAsync({ useFactory: () => ({ billing: { source: new FakeTokenSource('billing') } }) }),
    PrometheusModule.register(),
    TokenCacheMetricsModule,
    TerminusModule,
  ],
  controllers: [AppController],
  providers: [AppService, TokenCacheHealthIndicator],
})
export class AppModule {}
`,
  'src/app.service.ts': `
import { Injectable } from '@nestjs/common';
import { TokenCacheError, TokenIntegrationUnknownError, TokenService } from '${NAME}';
import { useToken } from '${NAME}/axios';
import { TokenCacheHealthIndicator } from '${NAME}/health';
import { tokenInterceptor } from '${NAME}/undici';
import axios from 'axios';
import { Agent } from 'undici';

@Injectable()
export class AppService {
  constructor(
    private readonly tokens: TokenService,
    private readonly health: TokenCacheHealthIndicator,
  ) {
    useToken(axios.create(), tokens, 'billing');
    new Agent().compose(tokenInterceptor(tokens, 'billing'));
  }

  async getHello(): Promise<string> {
    const error: unknown = await this.tokens.getToken('nothing').catch((reason: unknown) => reason);
    const isKnown = error instanceof TokenIntegrationUnknownError && error instanceof TokenCacheError;
    const { 'token-cache': health } = await this.health.isHealthy();
    return [(await this.tokens.getToken('billing')).accessToken, isKnown, health.status].join(' ');
  }
}
`,
  'src/app.controller.ts': `
import { Controller, Get } from '@nestjs/common';
import { AppService } from './app.service';

@Controller()
export class AppController {
  constructor(private readonly appService: AppService) {}

  @Get()
  getHello(): Promise<string> {
    return this.appService.getHello();
  }
}
`,
  'src/app.controller.spec.ts': `
import { Test } from '@nestjs/testing';
import { TokenService } from '${NAME}';
import { fakeTokens } from '${NAME}/testing';
import { AppController } from './app.controller';
import { AppModule, redisStore } from './app.module';

describe('AppController', () => {
  it('answers with the token of the test', async () => {
    const app = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(TokenService)
      .useValue(fakeTokens({ billing: 'a-token' }))
      .compile();
    expect(await app.get(AppController).getHello()).toBe('a-token true up');
    await app.close();
  });

  it('has the store of Redis', () => {
    expect(typeof redisStore().peek).toBe('function');
  });
});
`,
  'test/app.e2e-spec.ts': `
import { type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AppModule } from './../src/app.module';

describe('AppController (e2e)', () => {
  let app: INestApplication;

  beforeEach(async () => {
    const fixture = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = fixture.createNestApplication();
    await app.init();
  });
  afterEach(() => app.close());

  it('/ (GET)', () => request(app.getHttpServer()).get('/').expect(200).expect(/^billing-token-[0-9]+ true up$/));
});
`,
  'main.mjs': `
import { NestFactory } from '@nestjs/core';

const { AppModule } = await import('./dist/app.module.js');
const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.listen(0, '127.0.0.1');
console.log(await (await fetch(await app.getUrl())).text());
await app.close();
`,
};
