import { join } from 'node:path';

import { build } from 'vite';

/** Builds the scripted pages before the tests look at them. */
export default async function setup(): Promise<void> {
  await build({ root: join(import.meta.dirname, '../..'), mode: 'scripted', logLevel: 'warn' });
}
