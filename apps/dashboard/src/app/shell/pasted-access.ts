import { TOKEN_PATTERN } from '@packetlog/common';

/** What the pasted text gives access to. */
export type PastedAccess =
  /** Tokens for this page's loader, as a hash. */
  | { readonly kind: 'hash'; readonly hash: string }
  /** The URL of another loader's dashboard. */
  | { readonly kind: 'page'; readonly url: string }
  | { readonly kind: 'problem'; readonly sentence: string };

/** Reads a printed URL, with or without the words before it, or a token. `origin` is that of this page. */
export function readPastedAccess(text: string, origin: string): PastedAccess {
  const pasted = text.trim();
  const [url] = /https?:\/\/\S+/i.exec(pasted) ?? [];
  if (url !== undefined) {
    const hash = URL.canParse(url) ? tokensOf(new URL(url).hash) : null;
    if (hash === null)
      return problem('This URL has no token in it. Copy the whole URL, with everything after #token=.');
    const there = new URL(url);
    return there.origin === origin
      ? { kind: 'hash', hash }
      : { kind: 'page', url: `${there.origin}${there.pathname}${hash}` };
  }
  const hash = tokensOf(pasted);
  if (hash !== null) return { kind: 'hash', hash };
  if (TOKEN_PATTERN.test(pasted)) return { kind: 'hash', hash: `#token=${pasted}` };
  return problem('This is neither the URL that packetlog printed nor a token. Copy one of them from its output.');
}

/** Keeps only the tokens of a hash. */
function tokensOf(text: string): string | null {
  const params = new URLSearchParams(text.replace(/^#/, ''));
  const kept = new URLSearchParams();
  for (const name of ['token', 'admin_token']) {
    const value = params.get(name);
    if (value) kept.set(name, value);
  }
  return kept.has('token') ? `#${kept}` : null;
}

function problem(sentence: string): PastedAccess {
  return { kind: 'problem', sentence };
}
