import { Stryker } from '@stryker-mutator/core';

/** Runs the specs on each mutant of `mutate` (files, or ranges in them), and answers with what Stryker says of each. */
export const runJudge = (mutate, specs) =>
  new Stryker({
    mutate,
    testRunner: 'jest',
    jest: {
      configFile: 'tools/mutation-testing/jest.config.cjs',
      config: { globals: { SPECS: specs } },
      enableFindRelatedTests: false,
    },
    coverageAnalysis: 'perTest',
    ignorePatterns: [
      'apps/*',
      '!apps/simulation',
      'docker',
      'docs',
      'reports',
      'libs/cluster-metrics',
      '.mintonce',
      '.ci',
    ],
    reporters: ['progress-append-only'],
    concurrency: 2,
    timeoutMS: 8_000,
    allowConsoleColors: false,
    tempDirName: '.stryker-tmp',
  }).runMutationTest();
