import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

import { words } from './src/copy/words.ts';

/** Lays the texts out by language: side by side in two scripts they pack worse, by half a kilobyte. */
const wordsByLanguage: Plugin = {
  name: 'words-by-language',
  apply: 'build',
  enforce: 'pre',
  load(id) {
    if (!id.endsWith('/src/copy/words.ts')) return null;
    const all = Object.entries(words);
    const [keys, english, chinese] = [all.map(([key]) => key), all.map(([, text]) => text[0]), all.map(([, text]) => text[1])].map((list) => JSON.stringify(list));
    return `const english = ${english}, chinese = ${chinese};
      export const words = Object.fromEntries(${keys}.map((key, at) => [key, [english[at], chinese[at]]]));`;
  },
};

/** Lets the names of events that nobody here listens to be dropped: making the list of them changes nothing else. */
const withoutEventNames: Plugin = {
  name: 'without-event-names',
  apply: 'build',
  transform: (code, id) =>
    id.endsWith('/@tauri-apps/api/event.js') ? code.replace('(function (TauriEvent)', '/* @__PURE__ */ (function (TauriEvent)') : null,
};

/**
 * `vite build` makes the release from `index.html` alone. `--mode scripted` makes the pages that tests look at:
 * the same views over a host that plays them. They are never part of a release.
 */
export default defineConfig(({ mode }) => {
  const scripted = mode === 'scripted';
  return {
    plugins: [wordsByLanguage, withoutEventNames, svelte()],
    base: './',
    publicDir: false,
    build: {
      // WebView2 and the oldest WebKit with <dialog>, :has() and class fields as they are written: for older ones every
      // private field would become a WeakMap.
      target: ['chrome105', 'safari16'],
      outDir: scripted ? '../target/ui-scripted' : 'dist',
      emptyOutDir: true,
      // The polyfill is an inline script in all but name; one chunk needs no preloading.
      modulePreload: { polyfill: false },
      // Everything is local: an inlined file would only make the document bigger.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rollupOptions: { input: scripted ? 'scripted.html' : 'index.html' },
    },
  };
});
