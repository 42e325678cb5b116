/** The examples in the README of @packetlog/client, run against the real loader and real packets. Needs root. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { untilArrived } from '../lab/arrival.ts';
import { type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { sendUdp } from '../lab/traffic.ts';
import { until } from '../lab/until.ts';
import { eachWithNetwork } from './suite.ts';

const CLIENT = fileURLToPath(new URL('../../packages/client/', import.meta.url));
const TOKEN = 'a-token-of-the-test-0123456789';
const ADMIN_TOKEN = 'a-token-to-change-rules-0123456789';
const PORT = 7411;
const APP_PORT = 8080;

const readme = await readFile(join(CLIENT, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code as string);

describe.skipIf(!requireRoot())('the examples of the client', () => {
  const suite = eachWithNetwork();
  const directories: string[] = [];
  afterEach(async () => {
    for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
  });

  async function temporary(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'packetlog-client-'));
    directories.push(directory);
    return directory;
  }

  async function startLoader(...more: string[]): Promise<LabProcess> {
    const { server, link } = suite.network;
    const packetlog = suite.own(
      startPacketlog(server, {
        args: [
          '--iface',
          link.server.device,
          '--print',
          'none',
          '--listen',
          `127.0.0.1:${PORT}`,
          '--pin',
          'never',
          ...more,
        ],
        env: { PACKETLOG_TOKEN: TOKEN, PACKETLOG_ADMIN_TOKEN: ADMIN_TOKEN, PACKETLOG_STATE_DIR: await temporary() },
      }),
    );
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return packetlog;
  }

  /** Runs an example in the loader's namespace, in a project that has the client installed. */
  async function startExample(number: number): Promise<LabProcess> {
    const project = await temporary();
    await mkdir(join(project, 'node_modules/@packetlog'), { recursive: true });
    await symlink(CLIENT, join(project, 'node_modules/@packetlog/client'));
    const file = join(project, 'example.mjs');
    await writeFile(file, examples[number] as string);
    return suite.own(
      startProcess(suite.network.server, process.execPath, [file], {
        PACKETLOG_TOKEN: TOKEN,
        PACKETLOG_ADMIN_TOKEN: ADMIN_TOKEN,
        PACKETLOG_URL: `http://127.0.0.1:${PORT}`,
        PORT: String(APP_PORT),
        GATEWAY: suite.network.link.client.ipv4,
      }),
    );
  }

  /** Sends a request over the network; resolves with its status, or 'no connection'. */
  async function login(password: string): Promise<string> {
    const { client, link } = suite.network;
    const script = `
      fetch('http://${link.server.ipv4}:${APP_PORT}/', {
        headers: { authorization: 'Bearer ${password}', connection: 'close' },
        signal: AbortSignal.timeout(2000),
      }).then(({ status }) => console.log(status), () => console.log('no connection'))`;
    return (await client.exec(process.execPath, '-e', script)).trim();
  }

  test('a server bans the address of three failed logins, and no other', async () => {
    const packetlog = await startLoader();
    const app = await startExample(0);
    await app.untilPrinted(/listening/);
    expect(await login('open sesame')).toBe('200');
    for (let i = 0; i < 3; i++) expect(await login('guess')).toBe('401');
    expect(await login('open sesame')).toBe('no connection');
    // The server still answers over IPv6, which is another address.
    const { client, link } = suite.network;
    const other = `fetch('http://[${link.server.ipv6}]:${APP_PORT}/').then(({ status }) => console.log(status))`;
    expect((await client.exec(process.execPath, '-e', other)).trim()).toBe('401');
    expect(app.stderr).toBe('');
    await app.end();
    await packetlog.end();
  });

  test('adds, lists and removes rules; a lockout is rejected', async () => {
    const { server, link } = suite.network;
    await server.exec('ip', 'route', 'add', 'default', 'via', link.client.ipv4);
    const packetlog = await startLoader();
    const example = await startExample(1);
    expect(await example.exited).toEqual({ code: 0, signal: null });
    expect(example.stdout.trim().split('\n')).toEqual([
      '1 permit 192.0.2.0/24 0',
      '2 deny 203.0.113.0/24 0',
      '3 limit any 0',
      '4 observe 2001:db8:bad::/48 0',
      '5 deny set:scanners 0',
      `rejected: ${link.client.ipv4}`,
    ]);
    expect(example.stderr).toBe('');
    await packetlog.end();
  });

  test('receives the packets that match the filter, and loses none', async () => {
    const { client, link } = suite.network;
    const packetlog = await startLoader();
    const example = await startExample(2);
    const running = { over: false };
    void example.exited.then(() => {
      running.over = true;
    });
    while (!running.over) {
      await sendUdp(client, { address: link.server.ipv4, count: 20, ports: [53, 9], perSecond: 500 });
    }
    expect(await example.exited).toEqual({ code: 0, signal: null });
    const lines = example.stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.at(-1)).toBe('0 lost');
    expect(new Set(lines.slice(0, -1).map((line) => line.split(' ')[0]))).toEqual(new Set([link.client.ipv4]));
    await packetlog.end();
  });

  test('asks about recorded packets', async () => {
    const { client, link } = suite.network;
    const packetlog = await startLoader('--record', 'on', '--sample', 'off');
    const count = 100;
    await sendUdp(client, { address: link.server.ipv4, count });
    await untilArrived(link.server, count);
    // They reach the disk within a moment.
    await until(
      async () => {
        const example = await startExample(3);
        expect(await example.exited).toEqual({ code: 0, signal: null });
        expect(example.stderr).toBe('');
        const [packets] = /^\d+(?= packets, 0 .* denied in each 60000 ms$)/m.exec(example.stdout) ?? [];
        expect(example.stdout).toMatch(/^Not recorded before .* UTC, when recording began\.$/m);
        return Number(packets) >= count;
      },
      { what: 'all packets in the answer' },
    );
    await packetlog.end();
  });

  test('sums up the packets that match a filter, without a recorder', async () => {
    const { client, link } = suite.network;
    const packetlog = await startLoader('--sample', 'off');
    const example = await startExample(4);
    const running = { over: false };
    void example.exited.then(() => {
      running.over = true;
    });
    while (!running.over) {
      await sendUdp(client, { address: link.server.ipv4, count: 20, ports: [53, 9], perSecond: 500 });
    }
    expect(await example.exited).toEqual({ code: 0, signal: null });
    expect(example.stderr).toBe('');
    const [summed, ...sources] = example.stdout.trim().split('\n');
    expect(summed).toMatch(/^\d+ packets since \d{4}-/);
    expect(Number(summed?.split(' ')[0])).toBeGreaterThan(100);
    expect(sources.at(-1)).toMatch(new RegExp(`^${link.client.ipv4.replaceAll('.', '\\.')} \\d+$`));
    await packetlog.end();
  });
});
