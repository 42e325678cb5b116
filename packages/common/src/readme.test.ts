import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SAMPLE } from '../test/support/packet-log.sample.ts';
import { encodeBatch } from './batch/batch.ts';
import { PACKET_LOG_FIELDS } from './record/layout.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string);

const batches = [
  encodeBatch({ sequence: 0 }, [SAMPLE, { ...SAMPLE, src_port: 40001, action: 2 }]),
  encodeBatch({ sequence: 1, offered: 9, dropped: 4, withheld: 2 }, [{ ...SAMPLE, ip_protocol: 17 }]),
];

/** A fake socket that connects, accepts the subscription and delivers one batch as in browsers. */
const SOCKET_IO_CLIENT = `
import { readFileSync } from 'node:fs';
export function io(url, options) {
  console.log(url, JSON.stringify(options));
  return {
    on(event, listener) {
      if (event === 'connect') setImmediate(listener);
      if (event === 'packets') this.receive = listener;
    },
    emit(event, value, acknowledge) {
      console.log(event, JSON.stringify(value));
      acknowledge({ ok: true, value });
      this.receive(new Uint8Array(readFileSync('one.packetlog')).buffer);
    },
  };
}
`;

/** A directory with a fresh build of `@packetlog/common` installed, as users have it. */
let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'packetlog-readme-'));
  const installed = join(project, 'node_modules/@packetlog/common');
  const client = join(project, 'node_modules/socket.io-client');
  await Promise.all([mkdir(installed, { recursive: true }), mkdir(client, { recursive: true })]);
  await Promise.all([
    run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], {
      cwd: root,
    }),
    cp(join(root, 'package.json'), join(installed, 'package.json')),
    symlink(join(root, 'node_modules'), join(installed, 'node_modules')),
    writeFile(join(client, 'package.json'), '{"type":"module","exports":"./index.js"}'),
    writeFile(join(client, 'index.js'), SOCKET_IO_CLIENT),
    writeFile(join(project, 'eth0.packetlog'), Buffer.concat(batches)),
    writeFile(join(project, 'one.packetlog'), batches[1] as Uint8Array),
  ]);
}, 120_000);

afterAll(() => rm(project, { recursive: true, force: true }));

async function outputOf(example: number): Promise<string[]> {
  const file = join(project, `example-${example}.mjs`);
  await writeFile(file, examples[example] as string);
  const { stdout } = await run(process.execPath, [file], { cwd: project });
  return stdout.trimEnd().split('\n');
}

describe('the README', () => {
  it('decodes a recorded file in about ten lines', { timeout: 30_000 }, async () => {
    expect(examples[0]?.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
    expect(await outputOf(0)).toEqual([
      '2023-11-14T22:13:20.123Z 192.0.2.1 40000 > 2001:db8::2 443 deny',
      '2023-11-14T22:13:20.123Z 192.0.2.1 40001 > 2001:db8::2 443 permit',
      '2023-11-14T22:13:20.123Z 192.0.2.1 40000 > 2001:db8::2 443 deny',
    ]);
  });

  it('filters a recorded file', { timeout: 30_000 }, async () => {
    expect(await outputOf(2)).toEqual(['192.0.2.1']);
  });

  it('watches a loader', { timeout: 30_000 }, async () => {
    expect(await outputOf(1)).toEqual([
      'http://localhost:7411 {"transports":["websocket"],"auth":{"token":"your token","protocol":2}}',
      'subscribe {"max_rows_per_second":1000}',
      'UDP 192.0.2.1',
      '4 lost, 2 withheld of 9',
    ]);
  });

  it('shows the current layout', () => {
    const rows = [...readme.matchAll(/^\| (\d+) \| `(\w+)` \| (\S+) \| (.*) \|$/gm)];
    expect(rows.map(([, offset, name, type, doc]) => ({ name, offset: Number(offset), type, doc }))).toEqual(
      PACKET_LOG_FIELDS.map((field) => ({ ...field, type: field.type === 'addr' ? 'u8[16]' : field.type })),
    );
  });
});
