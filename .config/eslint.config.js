// Run as `eslint --config .config/eslint.config.js`; patterns are relative to the repository.
import js from '@eslint/js'
import n from 'eslint-plugin-n'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'
import { house } from './house-rules.js'

const source = ['core/**/*.ts', 'plugins/**/*.ts', 'schemas/**/*.ts']

export default defineConfig(
  globalIgnores([
    'dist/',
    'test/bench/.built/',
    'coverage/',
    '**/.p2pnet/',
    'docs/reference/api/',
    'schemas/generated/validators/',
    'test/**/broken/',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  js.configs.recommended,
  {
    plugins: { n },
    settings: { node: { version: '>=20.19' } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'object-shorthand': 'error',
      'no-console': 'error',
      'n/prefer-node-protocol': 'error',
      'n/no-deprecated-api': 'error',
      'n/no-unsupported-features/node-builtins': ['error', { allowExperimental: true }],
    },
  },

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // An asynchronous interface is often answered without waiting, by nothing, or by `void | undefined` (which refuses promises).
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `keyof Open & string` is how the keys of an interface that others augment are named.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // The rooms of the kernel hand each other closures, written as methods.
      '@typescript-eslint/unbound-method': 'off',
      // It takes a getter for a constant: a signal aborts and a channel closes between two looks at it.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // `as T` says what is meant; `!` is forbidden.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'URL',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'clearTimeout',
          'clearInterval',
          'Buffer',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: { module: 'writable', require: 'readonly', __dirname: 'readonly' } },
  },

  // The rules of the house.
  { plugins: { house } },
  {
    files: source,
    rules: {
      'house/imports': 'error',
      'house/clock': 'error',
      'house/no-process-listener': 'error',
      'house/no-process-exit': 'error',
    },
  },
  { files: ['core/clock.ts', 'core/random.ts', 'core/cli/**', 'schemas/build.ts'], rules: { 'house/clock': 'off' } },
  {
    files: ['core/cli/**'],
    rules: { 'no-console': 'off', 'house/no-process-listener': 'off', 'house/no-process-exit': 'off' },
  },
  { files: ['plugins/*/*/cli*.ts', 'schemas/build.ts', 'docs/**', '.config/**'], rules: { 'no-console': 'off' } },

  {
    files: ['test/**/*.ts'],
    rules: {
      'house/no-process-exit': 'error',
      '@typescript-eslint/no-unused-expressions': 'off', // chai: expect(x).to.be.true
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Tests write what a plugin's author might write, wrong types included.
      '@typescript-eslint/no-misused-promises': 'off',
      // Spies and hostile input have no types worth the name.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
    },
  },
  {
    // What must not compile stands here on purpose.
    files: ['test/types/**/*.test-d.ts'],
    rules: {
      '@typescript-eslint/ban-ts-comment': 'off',
    },
  },
  // Programs that tests start, and the benchmarks, print and exit as they like.
  { files: ['test/bench/**', 'test/**/fixtures/**'], rules: { 'no-console': 'off', 'house/no-process-exit': 'off' } },
)
