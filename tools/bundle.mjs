import { build } from 'esbuild';

/**
 * `node ../../tools/bundle.mjs main.js ...`, in the folder of a project: makes programs of `dist` from those that the compiler left in
 * `dist/modules`, each with all the packages that it uses. Node then loads some forty files for a start where it was two thousand.
 */

/** These open files of their own package when they run. */
const APART = ['libsql', 'pino'];

/** What is loaded only where it is installed. */
const OPTIONAL = [
  'pino-pretty',
  '@nestjs/microservices',
  '@nestjs/websockets',
  '@nestjs/platform-express',
  '@nestjs/axios',
  '@nestjs/mongoose',
  '@nestjs/sequelize',
  '@nestjs/typeorm',
  'class-validator',
  'class-transformer',
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@grpc/*',
  '@mikro-orm/*',
  'mongoose',
  'sequelize',
  'typeorm',
];

/** Packages in CommonJS `require` the modules of Node. */
const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

await build({
  entryPoints: process.argv.slice(2).map((name) => `dist/modules/${name}`),
  outbase: 'dist/modules',
  outdir: 'dist',
  // As deep below the project as the sources are, which name its other files by their place.
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Nest names what it injects by its class.
  keepNames: true,
  banner: { js: REQUIRE },
  external: [...APART, ...OPTIONAL],
  logLevel: 'warning',
});
