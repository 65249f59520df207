import tseslint from 'typescript-eslint';

/** The core is deterministic: it gets time, timers and chance from src/clock.ts. */
const realTime = ['Date.now', 'performance.now', 'Math.random'].map((call) => {
  const [object, property] = call.split('.');
  return { object, property, message: 'The core gets time and chance through Clock (src/clock.ts).' };
});
const realTimers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'].map((name) => ({
  name,
  message: 'The core gets timers through Clock (src/clock.ts).',
}));

export default tseslint.config(
  {
    ignores: ['dist/', 'dist-bench/', 'node_modules/', 'coverage/', 'src/demo/page/', '**/*.js', '**/*.mjs'],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['src/{topic,decode,map,log,cache,diff,entitle,protocol,ingest,fanout}/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', ...realTime],
      'no-restricted-globals': ['error', ...realTimers],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'no-console': 'off',
    },
  },
);
