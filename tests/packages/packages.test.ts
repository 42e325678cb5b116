/** What is packed for a registry: a consumer with strict settings compiles against it and runs. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PACKAGES = ['common', 'client'] as const;

const CONSUMER = `
import { connect, PacketLogError, type PacketLogClient } from '@packetlog/client';
import { compileFilter, encodePacketLog, type Filter, PacketLogBatch, parseFilter, PcapngEncoder, PROTOCOL_VERSION } from '@packetlog/common';
import { renderCHeader } from '@packetlog/common/c-header';

const filter: Filter = parseFilter('tcp dst port 443');
const bytes: Uint8Array = new PcapngEncoder((ifindex) => String(ifindex)).take();
const matches: (bytes: Uint8Array, at: number) => boolean = compileFilter(filter);
export async function ban(url: string): Promise<number> {
  const packetlog: PacketLogClient = await connect(url, { token: 't', adminToken: 'a' });
  const { id } = await packetlog.deny('192.0.2.1', { for: '1h' });
  for await (const batch of packetlog.packets()) if (batch instanceof PacketLogBatch) break;
  await packetlog.close();
  return id;
}
const error = new PacketLogError('x', { code: 'closed' });
console.log(PROTOCOL_VERSION, error.code, bytes.length > 0, matches(new Uint8Array(64), 0), typeof encodePacketLog, renderCHeader().length > 0);
`;

describe('the packages as they are packed', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-packages-'));
    const scope = join(directory, 'node_modules', '@packetlog');
    mkdirSync(scope, { recursive: true });
    for (const name of PACKAGES) {
      const from = join(ROOT, 'packages', name);
      execFileSync(join(ROOT, 'node_modules/.bin/pnpm'), ['pack', '--pack-destination', directory], {
        cwd: from,
        stdio: 'pipe',
      });
      const [archive = ''] = readdirSync(directory).filter((file) => file.startsWith(`packetlog-${name}-`));
      mkdirSync(join(scope, name));
      execFileSync('tar', ['-xzf', join(directory, archive), '-C', join(scope, name), '--strip-components=1']);
      // Dependencies from where this repository has them: nothing is fetched.
      for (const dependency of Object.keys(manifest(name).dependencies ?? {}).filter(
        (of) => !of.startsWith('@packetlog/'),
      )) {
        const target = join(directory, 'node_modules', dependency);
        if (!existsSync(target)) symlinkSync(join(from, 'node_modules', dependency), target);
      }
    }
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(directory, 'consumer.ts'), CONSUMER);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  interface Manifest {
    readonly dependencies?: Readonly<Record<string, string>>;
  }
  const manifest = (name: string) =>
    JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as Manifest;

  /** What the compiler has to say; libraries are checked, too, and no types of Node are there. */
  function compiled(module: string, moduleResolution: string): string {
    const compilerOptions = {
      ...{ module, moduleResolution, target: 'es2023', lib: ['es2023', 'esnext.disposable', 'dom'], types: [] },
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, outDir: 'out', rootDir: '.' },
    };
    const file = join(directory, `tsconfig.${moduleResolution}.json`);
    writeFileSync(file, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    try {
      return execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', file], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      return String((error as { stdout: unknown }).stdout);
    }
  }

  test.each([
    ['nodenext', 'nodenext'],
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ])('compile in module %s with resolution %s, libraries checked', (module, resolution) => {
    expect(compiled(module, resolution)).toBe('');
  });

  test('run', () => {
    expect(compiled('nodenext', 'nodenext')).toBe('');
    expect(execFileSync(process.execPath, [join(directory, 'out', 'consumer.js')], { encoding: 'utf8' })).toMatch(
      /^\d+ closed true false function true\n$/,
    );
  });

  test.each(PACKAGES)('%s: no source map names a file that is not there', (name) => {
    const dist = join(directory, 'node_modules', '@packetlog', name, 'dist');
    const maps = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(3);
    for (const file of maps) {
      const map = JSON.parse(readFileSync(join(dist, file), 'utf8')) as {
        sources: string[];
        sourcesContent?: (string | null)[];
      };
      expect(
        map.sourcesContent?.filter((text) => text !== null),
        file,
      ).toHaveLength(map.sources.length);
    }
  });
});
