import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags, type OpenAPIObject } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { type PageFile, pageFile, sendPageFile } from '../pages/page-file.js';
import { ApiDocument } from './api-document.js';

const { resolve } = createRequire(import.meta.url);
const own = (name: string) => new URL(`../../assets/api-docs/${name}`, import.meta.url);
const ofSwaggerUi = (name: string) => pathToFileURL(resolve(`swagger-ui-dist/${name}`));

/** Where the parts of the page are; they are read when they are first asked for, since few gateways ever show them. */
const PARTS = new Map<string, URL>([
  ['page.js', own('page.js')],
  ['swagger-ui.css', ofSwaggerUi('swagger-ui.css')],
  ['swagger-ui-bundle.js', ofSwaggerUi('swagger-ui-bundle.js')],
]);

/** The style of the page has its arrows in it. */
const IMAGES = "'self' data:";

/** The OpenAPI document, and a page to read it. */
@ApiTags('pages')
@Controller('api/docs')
export class ApiDocsController {
  private readonly read = new Map<string, PageFile>();

  constructor(private readonly api: ApiDocument) {}

  @Get()
  @ApiOperation({ summary: 'This document as a page' })
  @ApiOkResponse({ content: { 'text/html': {} } })
  page(@Res() reply: FastifyReply): void {
    sendPageFile(reply, this.file('index.html', own('index.html')));
  }

  @Get('openapi.json')
  @ApiOperation({ summary: 'This document' })
  @ApiOkResponse({ content: { 'application/json': {} } })
  document(): OpenAPIObject {
    return this.api.document;
  }

  @Get(':part')
  @ApiOperation({ summary: 'A part of that page' })
  @ApiOkResponse({ description: 'Script or style' })
  part(@Param('part') name: string, @Res() reply: FastifyReply): void {
    const url = PARTS.get(name);
    if (!url) throw new NotFoundException();
    sendPageFile(reply, this.file(name, url));
  }

  private file(name: string, url: URL): PageFile {
    const file = this.read.get(name) ?? pageFile(url, IMAGES);
    this.read.set(name, file);
    return file;
  }
}
