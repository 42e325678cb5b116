/** Runs Lighthouse on a page: in its own process with its own Chromium, in the loader's network namespace. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Namespace } from '../lab/namespace.ts';
import { CHROMIUM, FLAGS } from './chromium.ts';

const require = createRequire(import.meta.url);
const COMMAND = join(dirname(require.resolve('lighthouse')), '../cli/index.js');
/** Lighthouse waits for the page to become idle; it never does, because it draws four times a second. */
const MAX_WAIT_MS = 12_000;
/** Limit of one run, which takes about 15 s on an idle machine. */
const DEADLINE_MS = 150_000;
/** Errors of Lighthouse, not of the page: the trace began too late, or the browser did not answer in time. */
const TRY_AGAIN: ReadonlySet<string> = new Set(['NO_NAVSTART', 'PAGE_HUNG', 'PROTOCOL_TIMEOUT']);
const ATTEMPTS = 3;

export type Category = 'performance' | 'accessibility' | 'best-practices';

export interface Verdict {
  /** 0 to 1. */
  readonly scores: Readonly<Record<string, number>>;
  /** Failed audits with a weight: titles, and the elements. */
  readonly failed: readonly string[];
  /** Why earlier runs ended without a result. */
  readonly repeated: readonly string[];
}

interface Result {
  readonly runtimeError?: { readonly code: string; readonly message: string };
  readonly categories: Readonly<
    Record<string, { readonly score: number | null; readonly auditRefs: readonly { id: string; weight: number }[] }>
  >;
  readonly audits: Readonly<Record<string, Audit>>;
}

interface Audit {
  readonly title: string;
  readonly score: number | null;
  readonly details?: { readonly items?: readonly { readonly node?: { readonly snippet: string } }[] };
}

function textOf({ title, details }: Audit): string {
  const elements = (details?.items ?? []).flatMap(({ node }) => node?.snippet ?? []);
  return [title, ...elements].join('\n');
}

/** Runs Lighthouse with its desktop preset. A run that fails for a reason of the tool is repeated and reported. */
export async function lighthouse(inside: Namespace, url: string, categories: readonly Category[]): Promise<Verdict> {
  const repeated: string[] = [];
  for (;;) {
    const { runtimeError, categories: rated, audits } = await run(inside, url, categories);
    if (runtimeError === undefined) {
      const scores = Object.fromEntries(Object.entries(rated).map(([name, { score }]) => [name, score ?? 0]));
      const counted = Object.values(rated).flatMap(({ auditRefs }) => auditRefs.filter(({ weight }) => weight > 0));
      const failed = counted.flatMap(({ id }) => (audits[id]?.score === 0 ? textOf(audits[id]) : []));
      return { scores, failed, repeated };
    }
    repeated.push(runtimeError.code);
    if (!TRY_AGAIN.has(runtimeError.code) || repeated.length === ATTEMPTS)
      throw new Error(`lighthouse ${url}: ${repeated.join(', ')}: ${runtimeError.message}`);
  }
}

async function run(inside: Namespace, url: string, categories: readonly Category[]): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-lighthouse-'));
  const output = join(directory, 'result.json');
  try {
    const options = [
      '--preset=desktop',
      `--only-categories=${categories.join()}`,
      `--max-wait-for-load=${MAX_WAIT_MS}`,
      '--disable-full-page-screenshot',
      '--no-enable-error-reporting',
      '--quiet',
      '--output=json',
      `--output-path=${output}`,
      `--chrome-flags=${['--headless=new', ...FLAGS].join(' ')}`,
    ];
    const environment = [`CHROME_PATH=${CHROMIUM}`, `TMPDIR=${directory}`];
    // Lighthouse also exits with an error code if it has no result.
    const command = [...environment, process.execPath, COMMAND, url, ...options];
    const child = inside.spawn('env', command, { stdio: ['ignore', 'ignore', 'pipe'], timeout: DEADLINE_MS });
    let said = '';
    child.stderr?.on('data', (data) => {
      said += data;
    });
    await new Promise((resolve) => child.once('close', resolve));
    try {
      return JSON.parse(readFileSync(output, 'utf8')) as Result;
    } catch {
      throw new Error(`lighthouse ${url}: no result. ${said}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
