import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/**
 * `vite build` makes the release from `index.html` alone. `--mode scripted` makes the pages that tests look at:
 * the same views over a host that plays them. They are never part of a release.
 */
export default defineConfig(({ mode }) => {
  const scripted = mode === 'scripted';
  return {
    plugins: [svelte()],
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
