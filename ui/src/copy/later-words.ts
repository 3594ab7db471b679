/**
 * What only the views say that are loaded later. In a release `vite.config.ts` takes these texts out of `words.ts` and puts
 * them here; elsewhere that has all of them, and nothing is left to do.
 */
export {};
