/** Builds a policy that lets only the built dashboard run: it lists hashes of the inline scripts. */
import { createHash } from 'node:crypto';
import type { PageFile } from '../../ipc/server-messages.ts';

const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** Returns 'sha256-...' for each inline script of a page. */
export function scriptHashes(html: string): string[] {
  return [...html.matchAll(INLINE_SCRIPT)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
}

/** `nodes`: origins of other loaders that the page may connect to. */
export function contentSecurityPolicy(files: readonly PageFile[], nodes: readonly string[] = []): string {
  const pages = files.filter(({ name }) => name.endsWith('.html'));
  const hashes = new Set(pages.flatMap(({ content }) => scriptHashes(content.toString('utf8'))));
  return [
    "default-src 'none'",
    `script-src 'self' ${[...hashes].join(' ')}`.trimEnd(),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    // Only named origins, even on this machine: an injected script must not be able to send tokens elsewhere.
    ["connect-src 'self'", ...nodes.map(socketOrigin)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Returns 'ws://web-2:7411' for 'http://web-2:7411'. */
function socketOrigin(origin: string): string {
  return origin.replace(/^http/, 'ws');
}
