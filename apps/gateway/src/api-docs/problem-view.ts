import { ApiProperty, ApiSchema } from '@nestjs/swagger';

/** An error, as RFC 9457 has it. */
@ApiSchema({ name: 'Problem' })
export class ProblemView {
  @ApiProperty({ example: 'urn:mintonce:problem:GATEWAY_CALLER_UNKNOWN' })
  readonly type!: string;

  @ApiProperty()
  readonly title!: string;

  @ApiProperty({ description: 'Status of the answer' })
  readonly status!: number;

  @ApiProperty({ description: 'What is wrong, and what to do' })
  readonly detail!: string;

  @ApiProperty({ description: 'Id of the request, as in X-Request-Id' })
  readonly instance!: string;

  @ApiProperty({ description: 'Stable code, for programs', example: 'GATEWAY_CALLER_UNKNOWN' })
  readonly code!: string;
}
