// Four projects: `unit` needs nothing; `kafka` needs the local broker that test/setup starts, and Chromium for its browser
// tests; `postgres` starts servers of its own, whose programs npm installs; `tools` needs what scripts/tools.sh installs (helm,
// buildah, a compose parser, promtool) and runs with TAILRACE_TOOLS=1.
const shared = {
  testEnvironment: 'node',
  setupFilesAfterEnv: ['<rootDir>/test/setup/random.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
const needsService = '\\.(kafka|browser|postgres|tools)\\.test\\.ts$';
const broker = {
  globalSetup: '<rootDir>/test/setup/start-kafka.ts',
  globalTeardown: '<rootDir>/test/setup/stop-kafka.ts',
};
const tools = {
  ...shared,
  ...broker,
  displayName: 'tools',
  testMatch: ['<rootDir>/test/**/*.tools.test.ts'],
};

export default {
  testTimeout: 30_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', needsService],
    },
    {
      ...shared,
      displayName: 'kafka',
      testMatch: ['<rootDir>/test/**/*.{kafka,browser}.test.ts'],
      ...broker,
    },
    {
      ...shared,
      displayName: 'postgres',
      testMatch: ['<rootDir>/test/**/*.postgres.test.ts'],
    },
    ...(process.env.TAILRACE_TOOLS === '1' ? [tools] : []),
  ],
};
