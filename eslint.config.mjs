import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Stages in the order in which data flows; none may import another. Only run.ts and commands/ know the order. */
const stages = ['event', 'catalog', 'plan', 'build', 'publish', 'report', 'deploy'];

const forbid = (folder, others, why) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ regex: `^(\\.\\./)+(${others.join('|')})(/|$)`, message: why }] },
    ],
  },
});

export default tseslint.config(
  { ignores: ['dist/', 'lib/', 'node_modules/', '__tests__/fixtures/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      'no-control-regex': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    },
  },
  ...stages.map((stage) =>
    forbid(
      stage,
      [...stages.filter((other) => other !== stage), 'commands', 'run', 'main', 'cli', 'post'],
      'A stage imports types, errors, system and itself, never another stage; run.ts and commands/ join them.',
    ),
  ),
  forbid('system', [...stages, 'commands', 'run', 'main', 'cli', 'post'], 'system/ knows nothing of the stages.'),
  {
    files: ['src/**/*.ts'],
    rules: { 'max-lines': ['error', 200] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/system/exec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportDeclaration[source.value=/^(node:)?child_process$/]',
          message: 'Children are started in system/exec.ts only.',
        },
      ],
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
);
