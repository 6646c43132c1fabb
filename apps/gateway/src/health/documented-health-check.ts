import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse } from '@nestjs/swagger';
import { HealthCheck } from '@nestjs/terminus';

const REPORT = {
  type: 'object',
  example: { tokens: { status: 'up', store: 'up' } },
  additionalProperties: {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string', enum: ['up', 'degraded', 'down'] } },
    additionalProperties: true,
  },
};

const answerWith = (...statuses: string[]) => ({
  type: 'object',
  required: ['status', 'details'],
  properties: {
    status: { type: 'string', enum: statuses },
    info: { ...REPORT, description: 'What is up' },
    error: { ...REPORT, description: 'What is not' },
    details: { ...REPORT, description: 'All of it' },
  },
});

/**
 * A health check of terminus, documented here: for its own words terminus loads `@nestjs/swagger` once more by `require`, beside the
 * one in the bundle, which doubles the time of a start.
 */
export const DocumentedHealthCheck = (): MethodDecorator =>
  applyDecorators(
    HealthCheck({ noCache: true, swaggerDocumentation: false }),
    ApiOkResponse({ description: 'It can serve', schema: answerWith('ok', 'degraded') }),
    ApiServiceUnavailableResponse({
      description: 'It can serve no integration, or ends',
      schema: answerWith('error', 'shutting_down'),
    }),
  );
