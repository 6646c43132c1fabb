import { TokenService } from '@mintonce/token-cache';
import { Controller, Header, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiPropertyOptional, ApiSchema, ApiTags } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { AuditLog } from '../access/audit-log.js';

/** A token in the form of RFC 6749 section 5.1. */
@ApiSchema({ name: 'Token' })
class TokenResponse {
  @ApiProperty()
  readonly access_token!: string;

  @ApiProperty({ example: 'Bearer' })
  readonly token_type!: string;

  @ApiProperty({ description: 'Seconds for which the gateway itself would use it' })
  readonly expires_in!: number;

  @ApiPropertyOptional()
  readonly scope?: string;
}

/** Gives the token of an integration to a caller who is granted that, for what cannot go through `/proxy`. */
@ApiTags('tokens')
@Controller('token')
export class TokenController {
  constructor(
    private readonly tokens: TokenService,
    private readonly audit: AuditLog,
  ) {}

  /** All answers of the gateway's own routes have `Cache-Control: no-store`. */
  @Post(':integration')
  @HttpCode(200)
  @ApiOperation({ summary: 'The token itself, for a caller who is granted that' })
  @ApiOkResponse({ type: TokenResponse })
  @Header('Pragma', 'no-cache')
  async token(@Param('integration') name: string, @Req() { raw }: Pick<FastifyRequest, 'raw'>): Promise<TokenResponse> {
    const { accessToken, tokenType, endsAt, scope } = await this.tokens.getToken(name);
    this.audit.record(raw, { event: 'token issued', integration: name });
    return {
      access_token: accessToken,
      token_type: tokenType,
      // A token that is handed out is good for a moment, and 0 would read as one without an end.
      expires_in: Math.max(1, Math.floor((endsAt - Date.now()) / 1_000)),
      ...(scope !== undefined && { scope }),
    };
  }
}
