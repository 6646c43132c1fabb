import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { type PurgeRight } from '../access/gatekeeper.js';
import { IntegrationView } from '../integrations/integration-view.js';

/** An integration with what all workers counted for it. */
@ApiSchema({ name: 'IntegrationStatus' })
export class IntegrationStatusView extends IntegrationView {
  @ApiPropertyOptional({ description: 'When its token was minted, in ms since 1970; missing where that is not known' })
  readonly mintedAt?: number;

  @ApiProperty({ description: 'Calls that were served from the cache, by all workers (token_cache_hits)' })
  readonly hits!: number;

  @ApiProperty({ description: 'Calls that were not (token_cache_misses)' })
  readonly misses!: number;

  @ApiProperty({ description: 'Mints, failed ones included (token_mint_count)' })
  readonly mints!: number;

  @ApiProperty({
    enum: ['allowed', 'key', 'forbidden'],
    description: 'Whether whoever asked may purge it: yes, with the key of a caller who may, or not at this door',
  })
  readonly purge!: PurgeRight;
}

/** A worker process of the gateway. */
@ApiSchema({ name: 'Worker' })
export class WorkerView {
  @ApiProperty({ description: 'Slot that PM2 gives; 0 without PM2' })
  readonly slot!: number;

  @ApiProperty({ description: 'Process id' })
  readonly pid!: number;

  @ApiProperty({ description: 'When the process started, in ms since 1970' })
  readonly startedAt!: number;

  @ApiProperty({ description: 'Whether it answered the worker that was asked' })
  readonly up!: boolean;
}

/** What the status page shows. */
@ApiSchema({ name: 'Status' })
export class StatusView {
  @ApiProperty({ description: "The gateway's clock, in ms since 1970: what the instants are compared with" })
  readonly at!: number;

  @ApiProperty({ description: 'Version of the gateway' })
  readonly version!: string;

  @ApiProperty({ type: [WorkerView] })
  readonly workers!: WorkerView[];

  @ApiProperty({ type: [IntegrationStatusView] })
  readonly integrations!: IntegrationStatusView[];
}
