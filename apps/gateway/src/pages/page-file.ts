import { readFileSync } from 'node:fs';
import { type FastifyReply } from 'fastify';

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** A page has its scripts and styles from the gateway alone, none inline, and nobody frames it. */
const pagePolicy = (images: string) =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src ${images}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
/** What a page loads does nothing when it is opened by itself. */
const PART_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** A part of a page, read once. */
export interface PageFile {
  readonly content: Buffer;
  readonly type: string;
  readonly policy: string;
}

/**
 * @param url of the file
 * @param images where a page has its images from
 */
export function pageFile(url: URL, images = "'self'"): PageFile {
  const ending = url.pathname.slice(url.pathname.lastIndexOf('.') + 1) as keyof typeof TYPES;
  return {
    content: readFileSync(url),
    type: TYPES[ending],
    policy: ending === 'html' ? pagePolicy(images) : PART_POLICY,
  };
}

/** Answers with a part of a page. */
export function sendPageFile(reply: FastifyReply, { content, type, policy }: PageFile): void {
  void reply
    .headers({
      'content-type': type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
    .send(content);
}
