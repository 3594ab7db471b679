// Fails when the JavaScript that the release's window starts with has grown past what a small window needs, or all of it
// together, or when a page made for tests got in.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

// The benchmark's limits are the same.
const LIMITS = { start: 70_000, all: 96_000 };
const dist = new URL('../dist/', import.meta.url);
const page = readFileSync(new URL('index.html', dist), 'utf8');

const sizes = { start: 0, all: 0 };
for (const name of readdirSync(new URL('assets/', dist)).filter((name) => name.endsWith('.js'))) {
  const code = readFileSync(new URL(`assets/${name}`, dist));
  if (code.includes('ScriptedHost')) throw new Error(`${name} contains the scripted host`);
  const size = gzipSync(code, { level: 9 }).length;
  sizes.all += size;
  if (page.includes(name)) sizes.start += size;
}
for (const part of /** @type {const} */ (['start', 'all'])) {
  console.log(`JavaScript, gzipped, ${part}: ${(sizes[part] / 1000).toFixed(1)} kB of ${String(LIMITS[part] / 1000)} kB`);
}
if (sizes.start > LIMITS.start || sizes.all > LIMITS.all) process.exit(1);
