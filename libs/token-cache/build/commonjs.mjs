// The same code as CommonJS, for hosts that cannot load an ES module with `require`: Jest before Node 24.9, and old bundlers.
// `docs/decisions/es-modules-and-commonjs.md` says who is given which of the two.
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const COMMONJS = join(DIST, 'cjs');
/** Packages of which there are ES modules only; each is one file without imports. */
const VENDORED = ['oauth4webapi'];

const require = createRequire(import.meta.url);
const files = readdirSync(DIST, { recursive: true }).filter((file) => !file.startsWith('cjs'));

for (const file of files.filter((name) => name.endsWith('.js'))) {
  write(file, withVendored(file, toCommonJs(readFileSync(join(DIST, file), 'utf8'))));
}
for (const file of files.filter((name) => name.endsWith('.d.ts'))) cpSync(join(DIST, file), join(COMMONJS, file));
for (const name of VENDORED) write(vendoredFile(name), vendored(name));
write('package.json', '{ "type": "commonjs" }\n');

function toCommonJs(code) {
  return transformSync(code, {
    module: { type: 'commonjs' },
    jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } },
  }).code.replace(/^\/\/# sourceMappingURL=.*$/m, '');
}

function withVendored(file, code) {
  return VENDORED.reduce(
    (text, name) => text.replaceAll(`require("${name}")`, `require("${relativePath(file, vendoredFile(name))}")`),
    code,
  );
}

function vendored(name) {
  const main = require.resolve(name);
  const folder = main.slice(0, main.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const licence = readFileSync(join(folder, 'LICENSE.md'), 'utf8');
  return `/*! ${name} ${version}\n${licence}*/\n${toCommonJs(readFileSync(main, 'utf8'))}`;
}

function vendoredFile(name) {
  return join('vendor', `${name}.js`);
}

function relativePath(from, to) {
  const path = relative(dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

function write(file, code) {
  const path = join(COMMONJS, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, code);
}
