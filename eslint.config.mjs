import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Stages in the order in which data flows; none may import another. Only run/ and commands/ know the order. */
const stages = ['event', 'catalog', 'plan', 'builder', 'publish', 'deploy', 'report'];
/** One home for each outside thing. Any stage may import them; they import no stage. */
const tools = ['oci', 'google', 'docker', 'dockerfile', 'golang', 'git', 'sigstore', 'system'];
const above = ['commands', 'run', 'bundle', 'main', 'cli', 'post'];

/** Packages and Node modules that have one home. */
const homes = [
  {
    source: '^(node:)?child_process$|^@actions.exec$',
    at: ['src/system/exec.ts'],
    why: 'Children are started in system/exec.ts only.',
  },
  { source: '^@actions.github', at: ['src/event/github.ts'], why: 'GitHub is asked in event/github.ts only.' },
  { source: '^@sigstore', at: ['src/sigstore/**/*.ts'], why: 'Sigstore is known in sigstore/ only.' },
  { source: '^(google-|@google-cloud)', at: ['src/google/**/*.ts'], why: 'Google is known in google/ only.' },
];
const onlyAtHome = (those) => [
  'error',
  ...those.flatMap(({ source, why }) =>
    ['ImportDeclaration', 'ImportExpression'].map((kind) => ({
      selector: `${kind}[source.value=/${source}/]`,
      message: why,
    })),
  ),
];

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
      [...stages.filter((other) => other !== stage), ...above],
      'A stage imports tools, types, errors and itself, never another stage; run/ and commands/ join them.',
    ),
  ),
  ...tools.map((tool) => forbid(tool, [...stages, ...above], 'A tool knows nothing of the stages.')),
  { files: ['src/**/*.ts'], rules: { 'no-restricted-syntax': onlyAtHome(homes) } },
  ...homes.map((home) => ({
    files: home.at,
    rules: { 'no-restricted-syntax': onlyAtHome(homes.filter((other) => other !== home)) },
  })),
  {
    files: ['**/*.mjs', '**/*.cjs'],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
);
