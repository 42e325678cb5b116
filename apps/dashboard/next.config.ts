import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NextConfig } from 'next';

/** What the pages are built from, relative to this directory, where `next build` runs. */
const SOURCES = ['src', '../../packages/common/src'];

/** Depends on the sources alone, so that two builds of them are equal; a random one is Next's default. */
function buildId(): string {
  const hash = createHash('sha256').update(readFileSync('../../pnpm-lock.yaml'));
  for (const directory of SOURCES) {
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
      hash.update(path).update('\0').update(readFileSync(path));
    }
  }
  return hash.digest('base64url').slice(0, 21);
}

const config: NextConfig = {
  output: 'export',
  generateBuildId: buildId,
  // Without it a page opened at http://127.0.0.1:3000 in development never hydrates.
  allowedDevOrigins: ['127.0.0.1'],
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // All of the live page in few files: on its way to the first figures each costs a request, and the browser's work for it.
  experimental: {
    turbopackChunking: {
      firstPageLoadPriority: 1,
      requestCost: 2_000_000,
      minChunkSize: 200_000,
      maxMergeChunkSize: 2_000_000,
    },
  },
};

export default config;
