/**
 * Measures what a browser fetches before the live page shows its first figures: the page and its scripts, styles and
 * fonts, compressed as the loader sends them. Prints the sizes, and fails above the limit.
 *
 *   node scripts/first-load.mjs [DIRECTORY]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const LIMIT_KB = 260;
/** Fonts are compressed already. */
const COMPRESSED = /\.woff2$/;

/** @param {string} html */
function named(html) {
  // Removes scripts for browsers without modules, and data of later pages.
  const markup = html.replace(/<script[^>]*noModule[^>]*>/gi, '').replace(/<script>[^<]*<\/script>/g, '');
  return [...new Set([...markup.matchAll(/(?:src|href)="(\/_next\/static\/[^"]+)"/g)].map(([, path]) => String(path)))];
}

/**
 * @param {string} directory
 * @returns {{ path: string, bytes: number }[]}
 */
function firstLoad(directory) {
  /** @param {string} path */
  const sized = (path) => {
    const content = readFileSync(join(directory, decodeURIComponent(path)));
    return { path, bytes: COMPRESSED.test(path) ? content.length : gzipSync(content, { level: 9 }).length };
  };
  return ['/index.html', ...named(readFileSync(join(directory, 'index.html'), 'utf8'))].map(sized);
}

const files = firstLoad(process.argv[2] ?? 'apps/dashboard/out').sort((a, b) => b.bytes - a.bytes);
const kilobytes = files.reduce((sum, { bytes }) => sum + bytes, 0) / 1000;
for (const { path, bytes } of files) console.log(`${(bytes / 1000).toFixed(1).padStart(7)} ${path}`);
console.log(`${kilobytes.toFixed(1).padStart(7)} kB in total, limit ${LIMIT_KB} kB`);
process.exitCode = kilobytes > LIMIT_KB ? 1 : 0;
