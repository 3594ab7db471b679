import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Tests of everything that needs no browser. */
export default defineConfig({
  plugins: [svelte()],
  // The stores as the window runs them, not as a server would.
  resolve: { conditions: ['browser'] },
  test: { include: ['tests/unit/*.test.ts'], environment: 'node' },
});
