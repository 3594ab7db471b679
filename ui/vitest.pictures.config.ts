import { defineConfig } from 'vitest/config';

import browser from './vitest.browser.config';

/** Takes pictures of every scene into `target/ui-pictures`, for people to look at. */
export default defineConfig({ test: { ...browser.test, include: ['tests/pictures.ts'] } });
