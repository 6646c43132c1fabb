import { PARTS } from './libs/token-cache/layers.mjs';

const SRC = '^libs/token-cache/src/';
const TESTS = '\\.(e2e-spec|spec|spec-support)\\.ts$|\\.mjs$';

const quoted = (text) => text.replaceAll('.', '\\.');
const inPart = (path) => SRC + quoted(path) + (path.endsWith('.ts') ? '$' : '/');
const inPackage = (name) => `(^|node_modules/)(@types/)?${quoted(name)}(/|$)`;

/** One rule a part of token-cache: whatever is not allowed is refused, types included. */
const imports = ({ path, imports, packages }) => ({
  name: `${path} imports only what layers.mjs allows`,
  comment: `Allowed: ${[...imports, ...packages].join(', ') || 'nothing'}.`,
  severity: 'error',
  from: { path: inPart(path), pathNot: TESTS },
  to: { pathNot: [inPart(path), ...imports.map(inPart), ...packages.map(inPackage)], dependencyTypesNot: ['core'] },
});

const builtins = ({ path, forbiddenBuiltins }) => ({
  name: `${path} does no input and output`,
  severity: 'error',
  from: { path: inPart(path), pathNot: TESTS },
  to: { path: `^(node:)?(${forbiddenBuiltins.join('|')})(/|$)`, dependencyTypes: ['core'] },
});

/** The arrows between files. The arrows between projects are `@nx/enforce-module-boundaries` in .oxlintrc.json. */
export default {
  forbidden: [
    {
      name: 'no cycle',
      comment: 'Types included: move what both files need into a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no test in the product',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: '\\.(e2e-spec|spec|spec-support)\\.ts$' },
    },
    {
      name: 'specs of the core read no file',
      comment: 'Mutants run in a copy of the workspace that has no pages.',
      severity: 'error',
      from: { path: `${SRC}(core|nest)/.*\\.spec\\.ts$` },
      to: { path: '^(node:)?fs(/|$)', dependencyTypes: ['core'] },
    },
    {
      name: 'the core loads nothing on demand',
      severity: 'error',
      from: { path: `${SRC}core/`, pathNot: TESTS },
      to: { dynamic: true },
    },
    {
      name: 'every file has a layer',
      comment: 'A new folder of token-cache is listed in libs/token-cache/layers.mjs.',
      severity: 'error',
      from: { path: SRC, pathNot: [TESTS, ...PARTS.map(({ path }) => inPart(path))] },
      to: {},
    },
    ...PARTS.map(imports),
    ...PARTS.filter(({ forbiddenBuiltins }) => forbiddenBuiltins.length > 0).map(builtins),
  ],
  options: {
    // The build makes these of the Lua scripts beside them.
    exclude: { path: '\\.lua\\.js$' },
    doNotFollow: { path: 'node_modules|/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
  },
};
