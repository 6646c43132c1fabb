import { type IntegrationStatus, type TokenCacheErrorCode } from '@mintonce/token-cache';
import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';

/** One integration in the answers of the API. */
@ApiSchema({ name: 'Integration' })
export class IntegrationView {
  @ApiProperty({ description: 'Its name in the configuration' })
  readonly name!: string;

  @ApiProperty({ description: 'Base URL of its upstream' })
  readonly upstream!: string;

  @ApiProperty({
    enum: ['valid', 'missing', 'cooling', 'unknown'],
    description:
      'valid: a token is there; missing: the next request mints; cooling: the provider is left alone after a failure; unknown: the store does not answer, and this worker has no token',
  })
  readonly state!: IntegrationStatus['state'];

  @ApiPropertyOptional({ description: 'When the token ends as its provider said, in ms since 1970' })
  readonly expiresAt?: number;

  @ApiPropertyOptional({ description: 'Number of the token, higher for each newer one' })
  readonly generation?: number;

  @ApiPropertyOptional({ description: 'How long the provider is left alone, in ms' })
  readonly coolingMs?: number;

  @ApiPropertyOptional({
    type: String,
    description: 'Code of the last failure that this worker saw; ends with the next success',
  })
  readonly lastErrorCode?: TokenCacheErrorCode;
}

/** What the API tells of an integration. */
export function viewOf(upstream: string, status: IntegrationStatus): IntegrationView {
  const { integration: name, state, expiresAt, generation, coolingMs, lastErrorCode } = status;
  return { name, upstream, state, expiresAt, generation, coolingMs, lastErrorCode };
}
