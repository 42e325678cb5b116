/**
 * Captures from elsewhere: files in source packages of Debian, fetched when a test needs them and kept below
 * node_modules/.cache. A source that cannot be fetched fails the test.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/packetlog-captures', import.meta.url));
const APT_HELPER = '/usr/lib/apt/apt-helper';

export interface CaptureSource {
  readonly name: string;
  /** Below the mirror: a file of Debian 12. */
  readonly path: string;
  readonly sha256: string;
}

export const SOURCES: readonly CaptureSource[] = [
  {
    name: 'tcpdump',
    path: 'pool/main/t/tcpdump/tcpdump_4.99.3.orig.tar.gz',
    sha256: 'ad75a6ed3dc0d9732945b2e5483cb41dc8b4b528a169315e499c6861952e73b3',
  },
  {
    name: 'ndpi',
    path: 'pool/main/n/ndpi/ndpi_4.2.orig.tar.gz',
    sha256: 'e54ce8fe13adc5d747be7553513657fae78f796e0bd459e122c280cc06ce4daf',
  },
  {
    name: 'wireshark',
    path: 'pool/main/w/wireshark/wireshark_4.0.17.orig.tar.bz2',
    sha256: '62fd1491b6211d1651a16a45ead15808970b3a6a9ebde2537f96722af47aaaa5',
  },
  {
    name: 'tcpflow',
    path: 'pool/main/t/tcpflow/tcpflow_1.6.1.orig.tar.gz',
    sha256: 'c1c88513473e12011c0c00bba88dd02013ea3b813b08088f250cbf82b8f42358',
  },
  {
    name: 'dnscap',
    path: 'pool/main/d/dnscap/dnscap_2.1.1.orig.tar.xz',
    sha256: '808040a5388c8b3281e905cba3ec4a17d6451ac1aa369b58e06da4e2c65a8acd',
  },
];

/** In the archives; some are named `.dmp`. */
const PATTERNS = ['pcap', 'pcapng', 'cap', 'dmp'].flatMap((extension) => [`*.${extension}`, `*.${extension}.gz`]);

/** Returns the paths of the captures in a source, sorted. Fetches and unpacks the source if that was not done before. */
export function captureFiles(source: CaptureSource): string[] {
  const directory = join(CACHE, `${source.name}-${source.sha256.slice(0, 12)}`);
  if (!existsSync(directory)) unpack(source, directory);
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Returns the addresses of Debian's mirrors: `PACKETLOG_DEBIAN_MIRROR`, otherwise those of apt's own lists. */
function mirrors(): string[] {
  const chosen = process.env['PACKETLOG_DEBIAN_MIRROR'];
  if (chosen !== undefined) return [chosen];
  const listed = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  return [...new Set(listed.split('\n').filter((line) => line !== ''))].map((uri) => uri.replace(/\/$/, ''));
}

/** Downloads from the first mirror that has the file. Throws if none has it. */
function downloadFromMirror(path: string, to: string): void {
  const failures: string[] = [];
  for (const mirror of mirrors()) {
    try {
      download(`${mirror}/${path}`, to);
      return;
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`no mirror has ${path}. Set PACKETLOG_DEBIAN_MIRROR to one of Debian 12. ${failures.join('; ')}`);
}

function unpack(source: CaptureSource, directory: string): void {
  const scratch = `${directory}.${process.pid}`;
  const archive = join(scratch, 'archive');
  mkdirSync(join(scratch, 'files'), { recursive: true });
  try {
    downloadFromMirror(source.path, archive);
    const found = createHash('sha256').update(readFileSync(archive)).digest('hex');
    if (found !== source.sha256) throw new Error(`fetch ${source.path}: its SHA-256 is ${found}`);
    const files = join(scratch, 'files');
    execFileSync('tar', ['-xf', archive, '-C', files, '--no-same-owner', '--wildcards', ...PATTERNS], {
      // A pattern without a match is an error of tar.
      stdio: ['ignore', 'ignore', 'ignore'],
    });
  } catch (error) {
    if (!existsSync(join(scratch, 'files')) || readdirSync(join(scratch, 'files')).length === 0) {
      rmSync(scratch, { recursive: true, force: true });
      throw new Error(`fetch the captures of ${source.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  renameSync(join(scratch, 'files'), directory);
  rmSync(scratch, { recursive: true, force: true });
}

function download(url: string, to: string): void {
  if (existsSync(APT_HELPER)) execFileSync(APT_HELPER, ['download-file', url, to], { stdio: 'pipe' });
  else
    execFileSync('curl', ['--fail', '--silent', '--show-error', '--location', '--output', to, url], { stdio: 'pipe' });
}
