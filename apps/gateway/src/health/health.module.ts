import { TokenCacheHealthIndicator } from '@mintonce/token-cache/health';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';

/** `/health`, `/health/live` and `/health/ready`. */
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  providers: [TokenCacheHealthIndicator],
  controllers: [HealthController],
})
export class HealthModule {}
