import { fileURLToPath } from 'node:url';
import { includeIgnoreFile } from 'eslint/config';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

// The rules that know types are those of oxlint, in `.oxlintrc.json`.
export default tseslint.config(
  // Also what tests write meanwhile is none of the linter's.
  includeIgnoreFile(fileURLToPath(new URL('.gitignore', import.meta.url))),
  tseslint.configs.recommended,
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts'],
    // Constructor types of decorated classes are used at run time: Nest injects by them.
    languageOptions: { parserOptions: { emitDecoratorMetadata: true, experimentalDecorators: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          depConstraints: [
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:lib', 'type:test-support'] },
            { sourceTag: 'type:demo', onlyDependOnLibsWithTags: ['type:test-support'] },
            { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:lib', 'type:demo', 'type:test-support'] },
            { sourceTag: 'type:test-support', onlyDependOnLibsWithTags: ['type:test-support'] },
            { sourceTag: 'type:lib', onlyDependOnLibsWithTags: ['type:test-support'] },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/token-cache/src/core/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': ['error', { selector: 'ImportExpression', message: 'The core loads nothing on demand.' }],
    },
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
    languageOptions: {
      globals: { module: 'writable', require: 'readonly', process: 'readonly', __dirname: 'readonly' },
    },
  },
);
