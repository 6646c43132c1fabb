import replyFrom from '@fastify/reply-from';
import Fastify from 'fastify';
import { jwt } from '../contenders/jwt.js';
import { listen } from './listening.js';

/** As its README has it, with the token in a header. */
const [upstream = ''] = process.argv.slice(2);
const authorization = `Bearer ${jwt()}`;

const fastify = Fastify();
fastify.register(replyFrom, { base: upstream });
fastify.all('/*', (request, reply) =>
  reply.from(request.url, { rewriteRequestHeaders: (_request, headers) => ({ ...headers, authorization }) }),
);
await fastify.ready();
await listen(fastify.server);
