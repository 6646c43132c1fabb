const { readdirSync } = require('node:fs');
const { join } = require('node:path');

const specs = join(__dirname, '../src/lib');
for (const name of readdirSync(specs)) if (name.endsWith('.spec.ts')) require(join(specs, name));
