import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const NODE_ONLY = {
  group: ['node:*'],
  message: 'This folder has no clock, no disk and no network.',
};
const CONTRACT_ONLY = {
  group: ['**/activities/**', '!**/activities/contract.ts', '!**/activities/*-contract.ts'],
  message: 'Workflows know activities by their contract alone.',
};
const CONTRACT_TYPES = {
  group: ['**/activities/contract.ts', '**/activities/*-contract.ts'],
  allowTypeImports: true,
  message: 'Import the types of the contract with `import type`.',
};

export default tseslint.config(
  { ignores: ['node_modules', '.node', '.dev', 'coverage', '.planted', 'clients', '**/*.cjs'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 70 }],
      'max-params': ['error', 3],
    },
  },
  {
    files: ['workflows/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [NODE_ONLY, CONTRACT_ONLY, CONTRACT_TYPES] },
      ],
    },
  },
  {
    files: ['domain/**/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [NODE_ONLY] }] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(only|skip|skipIf|runIf|todo)$/]',
          message: 'A test that does not run proves nothing.',
        },
      ],
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
