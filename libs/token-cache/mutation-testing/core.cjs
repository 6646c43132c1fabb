const { readdirSync } = require('node:fs');
const { join } = require('node:path');

const sources = join(__dirname, '../src');
for (const layer of ['core', 'nest']) {
  for (const name of readdirSync(join(sources, layer), { recursive: true })) {
    if (name.endsWith('.spec.ts')) require(join(sources, layer, name));
  }
}
