// An ES module of each Lua script, so that neither a bundler nor Jest has to find a file beside the code.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const FROM = new URL('../src/redis/lua/', import.meta.url);
const TO = new URL('../dist/redis/lua/', import.meta.url);

mkdirSync(TO, { recursive: true });
for (const name of readdirSync(FROM).filter((file) => file.endsWith('.lua'))) {
  const lua = readFileSync(new URL(name, FROM), 'utf8');
  writeFileSync(new URL(`${name}.js`, TO), `export default ${JSON.stringify(lua)};\n`);
}
