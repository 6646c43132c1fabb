/** The layers of `src`, from low to high: each may import those named before it in this list, or only those that it names in `imports`. */
const LAYERS = [
  { path: 'core/contract' },
  { path: 'core/config' },
  // SQLite and the model tests run the slot without the rest of the core.
  { path: 'core/slot', imports: ['core/contract'] },
  { path: 'core/store-client' },
  // It does not know the store.
  { path: 'core/source-client', imports: ['core/contract', 'core/config'] },
  { path: 'core/in-hand' },
  { path: 'core/protocol' },
  { path: 'core/door' },
  { path: 'core/assemble.ts' },
  { path: 'core/token-client.ts' },
  { path: 'core/token-call-log.ts', imports: ['core/contract'] },
  { path: 'nest', packages: ['@nestjs/common', '@nestjs/core'] },
  { path: 'index.ts' },
];

/** The entry points beside the layers. Each names all that it needs, so that the peers of one stay optional to the others. */
const ADAPTERS = [
  { path: 'redis', imports: ['core/contract'], packages: ['ioredis'] },
  { path: 'sqlite', imports: ['core/contract', 'core/slot'], packages: ['libsql'] },
  { path: 'oauth', imports: ['core/contract'], packages: ['oauth4webapi'] },
  { path: 'undici', imports: ['core/contract', 'core/door', 'core/token-client.ts'], packages: ['undici'] },
  { path: 'axios', imports: ['core/contract', 'core/door', 'core/token-client.ts'], packages: ['axios'] },
  {
    path: 'prometheus',
    imports: ['core/contract', 'nest'],
    packages: ['@nestjs/common', '@nestjs/core', '@willsoto/nestjs-prometheus', 'prom-client'],
  },
  {
    path: 'opentelemetry',
    imports: ['core/contract', 'nest'],
    packages: ['@nestjs/common', '@nestjs/core', '@opentelemetry/api'],
  },
  { path: 'health', imports: ['core/contract', 'nest'], packages: ['@nestjs/common', '@nestjs/terminus'] },
  { path: 'testing', imports: ['core/contract', 'core/slot', 'nest'] },
  // The command `mintonce`: it looks at a fleet from outside, and knows nothing of the library.
  { path: 'cli', imports: [], packages: ['ioredis'] },
];

/** The core does no input or output of its own: a port does it. */
const IO = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'fs',
  'http',
  'http2',
  'https',
  'module',
  'net',
  'tls',
  'worker_threads',
];

/** The dependencies of the package, which every layer may use. */
const DEPENDENCIES = ['lru-cache'];

const withLowerLayers = ({ path, imports, packages = [] }, index) => ({
  path,
  imports: imports ?? LAYERS.slice(0, index).map((layer) => layer.path),
  packages: [...DEPENDENCIES, ...packages],
  forbiddenBuiltins: path.startsWith('core/') ? IO : [],
});

const asNamed = ({ path, imports, packages = [] }) => ({ path, imports, packages, forbiddenBuiltins: [] });

/** What each part of `src` may import: parts, packages, and the built-in modules that are not forbidden. */
export const PARTS = [...LAYERS.map(withLowerLayers), ...ADAPTERS.map(asNamed)];
