/** Maps paths to answers. Built once at start; a request only looks up its path. */
import type { PageFile } from '../../ipc/server-messages.ts';

/** The same content, compressed when the dashboard was built. */
type Coding = 'br' | 'gzip';

const CODINGS: readonly (readonly [Coding, string, RegExp])[] = [
  ['br', '.br', /\b(br|brotli)\b/i],
  ['gzip', '.gz', /\bgzip\b/i],
];

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html;charset=utf-8',
  js: 'text/javascript',
  css: 'text/css',
  json: 'application/json',
  txt: 'text/plain',
  svg: 'image/svg+xml',
  ico: 'image/x-icon',
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  woff2: 'font/woff2',
  webmanifest: 'application/manifest+json',
};

/** One content with the headers that describe it. */
export interface Representation {
  readonly content: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Found =
  | { readonly kind: 'file'; readonly path: string; readonly representation: Representation }
  /** The page has another path: its scripts expect to run there. */
  | { readonly kind: 'moved'; readonly to: string };

interface Entry {
  /** The path as a browser sends it. */
  readonly path: string;
  readonly isPage: boolean;
  readonly plain: Representation;
  readonly coded: ReadonlyMap<Coding, Representation>;
}

export class PageTable {
  readonly #entries = new Map<string, Entry>();
  /** Other spellings of a page's path. */
  readonly #moved = new Map<string, Entry>();

  constructor(files: readonly PageFile[]) {
    const byName = new Map(files.map((file) => [file.name, file]));
    for (const file of files) {
      if (isCodingOf(file.name, byName)) continue;
      const page = pagePath(file.name);
      const decoded = page ?? `/${file.name}`;
      const coded = new Map<Coding, Representation>();
      for (const [coding, ending] of CODINGS) {
        const variant = byName.get(file.name + ending);
        if (variant) coded.set(coding, representation(file.name, variant, coding));
      }
      const plain = representation(file.name, file);
      const entry = { path: encodeURI(decoded), isPage: page !== undefined, plain, coded };
      this.#entries.set(decoded, entry);
      if (page !== undefined) for (const other of spellings(file.name, page)) this.#moved.set(other, entry);
    }
  }

  /**
   * Finds the answer to a request. `target` comes from the request line, `accepted` from the Accept-Encoding header.
   */
  find(target: string, accepted = ''): Found | undefined {
    const [, path = '', query = ''] = /^([^?#]*)(\?[^#]*)?/.exec(target) ?? [];
    const decoded = decodedPath(path);
    const entry = this.#entries.get(decoded) ?? this.#moved.get(decoded);
    if (entry === undefined) return undefined;
    if (entry.isPage && entry.path !== path) return { kind: 'moved', to: entry.path + query };
    for (const [coding, , pattern] of CODINGS) {
      const coded = entry.coded.get(coding);
      if (coded && pattern.test(accepted)) return { kind: 'file', path: decoded, representation: coded };
    }
    return { kind: 'file', path: decoded, representation: entry.plain };
  }
}

/** Returns "/rules" for "rules.html", "/" for "index.html", and undefined for files that are not pages. */
function pagePath(name: string): string | undefined {
  if (!name.endsWith('.html')) return undefined;
  const path = `/${name.slice(0, -'.html'.length)}`;
  return path.endsWith('/index') ? path.slice(0, -'index'.length).replace(/(.)\/$/, '$1') : path;
}

function spellings(name: string, page: string): string[] {
  const bare = `/${name.slice(0, -'.html'.length)}`;
  return [`/${name}`, bare, `${page}/`, `${page}/index`].filter((path) => path !== page);
}

/** Returns whether the file is "a.js.gz" next to "a.js". */
function isCodingOf(name: string, byName: ReadonlyMap<string, PageFile>): boolean {
  return CODINGS.some(([, ending]) => name.endsWith(ending) && byName.has(name.slice(0, -ending.length)));
}

function representation(name: string, { content, modified }: PageFile, coding?: Coding): Representation {
  const etag = `W/"${content.byteLength}-${modified.getTime()}"`;
  const ending = /\.(\w+)$/.exec(name)?.[1] ?? '';
  const headers: Record<string, string> = {
    'Content-Type': TYPES[ending] ?? 'application/octet-stream',
    'Last-Modified': modified.toUTCString(),
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  if (coding) headers['Content-Encoding'] = coding;
  return { content, etag, headers };
}

function decodedPath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}
