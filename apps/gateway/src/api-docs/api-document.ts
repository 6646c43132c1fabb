import { type INestApplication, Injectable } from '@nestjs/common';
import { DocumentBuilder, getSchemaPath, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { requirementOf } from '../access/requirement.js';
import { VERSION } from '../metrics/version.js';
import { ProblemView } from './problem-view.js';
import { PROXY_PATH, proxyPaths } from './proxy-paths.js';

const DESCRIPTION =
  'What the gateway itself answers. A key goes into X-Api-Key or Authorization: Bearer, a token of an issuer into Authorization; neither is needed at a door that asks for none.';
/** None is needed at a door without `access`, hence the last one. */
const SECURITY = [{ key: [] }, { bearer: [] }, {}];

/** The OpenAPI document of the gateway, made of its controllers when it is first asked for. */
@Injectable()
export class ApiDocument {
  private app?: INestApplication;
  private made?: OpenAPIObject;

  /** Tells which application is described. */
  describe(app: INestApplication): void {
    this.app = app;
  }

  /** @throws Error if no application was named */
  get document(): OpenAPIObject {
    if (!this.app) throw new Error('The API document was asked for before describe()');
    return (this.made ??= documentOf(this.app));
  }
}

function documentOf(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('mintonce gateway')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key' }, 'key')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ProblemView] });
  Object.assign(document.paths, proxyPaths());
  // The controller of a library that knows of no OpenAPI.
  Object.assign(document.paths['/metrics']?.get ?? {}, METRICS);
  for (const [path, item] of Object.entries(document.paths)) complete(path, item);
  return document;
}

const METRICS = {
  tags: ['metrics'],
  summary: 'Metrics of all workers in the text format of Prometheus',
  responses: { 200: { description: 'Version 0.0.4', content: { 'text/plain': {} } } },
};

interface Operation {
  security?: object[];
  responses: Record<string, unknown>;
}

/** Every answer may be a problem, and whoever is let in without a credential is told by the rule of the doors itself. */
function complete(path: string, item: object): void {
  for (const [method, operation] of Object.entries(item) as [string, Operation][]) {
    if (!('responses' in operation)) continue;
    operation.responses['default'] ??= {
      description: 'A problem (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
    };
    operation.security = isOpen(path, method) ? [] : SECURITY;
  }
}

function isOpen(path: string, method: string): boolean {
  const pattern = path === PROXY_PATH ? '/proxy/*' : path.replace(/\{(\w+)\}/g, ':$1');
  return requirementOf({ pattern, params: {} }, { method: method.toUpperCase(), url: path }).kind === 'open';
}
