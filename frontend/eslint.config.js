import js from '@eslint/js'
import prettier from 'eslint-config-prettier'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

export default ts.config(
  { ignores: ['dist', 'build-fake', 'wailsjs', 'node_modules', 'test-results'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  {
    languageOptions: { globals: { ...globals.browser, ...globals.node } },
    rules: {
      // Names and descriptions come from people: they are text, never markup.
      'svelte/no-at-html-tags': 'error',
      // Dates are replaced here, never changed.
      'svelte/prefer-svelte-reactivity': 'off',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Text only: use textContent or a Svelte expression.' },
        { property: 'outerHTML', message: 'Text only: use textContent or a Svelte expression.' },
      ],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    // TypeScript looks after undefined names.
    rules: { 'no-undef': 'off' },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    ignores: ['src/lib/backend.ts', 'src/words/go-words.ts'], // the second: data of the page's own
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'The window asks Go: lib/backend.ts.' },
        { name: 'localStorage', message: 'The window keeps nothing.' },
        { name: 'sessionStorage', message: 'The window keeps nothing.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ group: ['**/wailsjs/**'], message: 'Only lib/backend.ts speaks to Wails.' }],
        },
      ],
    },
  },
)
