// Imports modules, one after the other. What each prints is a line of JSON on standard output; a Nest module that it exports is booted as an
// application, within a root of its own if it brings none.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { MemoryTokenStore, TokenCacheModule } from '@mintonce/token-cache';
import { register } from 'prom-client';

const isModule = (value) =>
  typeof value === 'function' && ['imports', 'providers', 'controllers'].some((key) => Reflect.hasMetadata(key, value));

/** @param hasRoot whether it configures the token cache itself */
function application(module, hasRoot) {
  if (hasRoot) return module;
  const root = TokenCacheModule.forRoot({ store: new MemoryTokenStore(), isGlobal: true });
  return { module: class Root {}, imports: [root, module] };
}

async function run(file) {
  const printed = [];
  console.log = (...values) => printed.push(format(...values));
  const hasRoot = readFileSync(file, 'utf8').includes('.forRoot');
  const booted = [];
  for (const [name, value] of Object.entries(await import(pathToFileURL(file)))) {
    if (!isModule(value)) continue;
    const app = await NestFactory.createApplicationContext(application(value, hasRoot), {
      logger: ['error'],
      abortOnError: false,
    });
    await app.close();
    register.clear();
    booted.push(name);
  }
  return { printed: printed.map((line) => `${line}\n`).join(''), booted };
}

for (const file of process.argv.slice(2)) {
  const outcome = await run(file).catch((error) => ({ error: format(error) }));
  process.stdout.write(`${JSON.stringify({ file, ...outcome })}\n`);
}
process.exit();
