import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'dist.*.tmp/', 'coverage/', '**/node_modules/', 'shared/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['bench/page/{client,sides/*}.mjs'],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommended],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.test.json', './web/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // Type-aware rules, named one by one: the presets cost twice the time and quarrel with typed-array code.
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      // An `any` that nobody wrote (JSON.parse, a catch clause, an untyped package) counts as one too.
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',

      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      eqeqeq: 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
    },
  },
  {
    // A call takes some ten thousand arguments, and lists can be longer than that.
    files: ['src/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'CallExpression:matches([callee.object.name="Math"], [callee.property.name=/^(push|unshift|concat|splice|fromCharCode|fromCodePoint)$/]) > SpreadElement',
          message: 'The list may be longer than a call takes arguments: reduce, or push one by one.',
        },
      ],
    },
  },
  {
    // The command line prints; an observer is there to; and a page that runs many times slower than on a GPU should find out why.
    files: ['src/**/*.ts'],
    ignores: ['src/cli/**', 'src/frontends/config/observe/observer.ts', 'src/loader/load-wasm.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    // Programs for onnxruntime name types in its namespaces.
    files: ['src/ort/api.ts'],
    rules: { '@typescript-eslint/no-namespace': 'off' },
  },
);
