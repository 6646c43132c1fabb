import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type FastifyReply } from 'fastify';
import { pageFile, sendPageFile } from '../pages/page-file.js';

const fileNamed = (name: string) => pageFile(new URL(`../../assets/status/${name}`, import.meta.url));
const PAGE = fileNamed('index.html');
const PARTS = new Map(
  ['page.css', 'page.js', 'history.js', 'words.js', 'icon.svg'].map((name) => [name, fileNamed(name)]),
);

/** The status page for people. It shows what `/api/status` says. */
@ApiTags('pages')
@Controller()
export class StatusPageController {
  @Get()
  @ApiOperation({ summary: 'The status page' })
  @ApiOkResponse({ content: { 'text/html': {} } })
  page(@Res() reply: FastifyReply): void {
    sendPageFile(reply, PAGE);
  }

  @Get('status/:part')
  @ApiOperation({ summary: 'A part of that page' })
  @ApiOkResponse({ description: 'Script, style or icon' })
  part(@Param('part') name: string, @Res() reply: FastifyReply): void {
    const part = PARTS.get(name);
    if (!part) throw new NotFoundException();
    sendPageFile(reply, part);
  }
}
