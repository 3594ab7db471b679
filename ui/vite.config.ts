import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

import { isLater } from './src/copy/later.ts';
import { words } from './src/copy/words.ts';

/** A module that gives texts, laid out by language: side by side two scripts pack worse, by half a kilobyte. */
const wordsOf = (all: [string, readonly [string, string]][]) => {
  const [keys, english, chinese] = [all.map(([key]) => key), all.map(([, text]) => text[0]), all.map(([, text]) => text[1])].map((list) => JSON.stringify(list));
  return `const english = ${english}, chinese = ${chinese};
      Object.assign(words, Object.fromEntries(${keys}.map((key, at) => [key, [english[at], chinese[at]]])));`;
};

/** Has the window start with the texts that it may need at once, and fetch the others with the views that say them. */
const wordsInTwoParts: Plugin = {
  name: 'words-in-two-parts',
  apply: 'build',
  enforce: 'pre',
  load(id) {
    const all = Object.entries(words);
    if (id.endsWith('/src/copy/words.ts')) return `export const words = {}; ${wordsOf(all.filter(([key]) => !isLater(key)))}`;
    if (id.endsWith('/src/copy/later-words.ts')) return `import { words } from './words'; ${wordsOf(all.filter(([key]) => isLater(key)))}`;
    return null;
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
    plugins: [wordsInTwoParts, withoutEventNames, svelte()],
    base: './',
    publicDir: false,
    build: {
      // WebView2 and the oldest WebKit with <dialog>, :has() and class fields as they are written: for older ones every
      // private field would become a WeakMap.
      target: ['chrome105', 'safari16'],
      outDir: scripted ? '../target/ui-scripted' : 'dist',
      emptyOutDir: true,
      // What is loaded later is one small file, which needs no preloading.
      modulePreload: false,
      // Everything is local: an inlined file would only make the document bigger.
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rollupOptions: { input: scripted ? 'scripted.html' : 'index.html' },
    },
  };
});
