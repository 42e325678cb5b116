/** A client without a token cannot end, starve or fill the loader. Needs root. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { chmod, cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { eachWithNetwork } from '../e2e/suite.ts';
import { xdpOn } from '../lab/leftovers.ts';
import { startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { serverPidOf } from '../lab/server-process.ts';
import { until } from '../lab/until.ts';

const BUILT = fileURLToPath(new URL('../../apps/dashboard/out', import.meta.url));
/** On SIGUSR2 the loader's main thread throws an uncaught error, to simulate a bug. */
const FAULT = `process.on('SIGUSR2', () => { throw new TypeError('a fault of the test') })`;
const FAULTY = ['--import', `data:text/javascript,${encodeURIComponent(FAULT)}`];

const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const isAlive = (pid: number) => /^State:\s+[RSD]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe.skipIf(!requireRoot())('attacked without a token', () => {
  const suite = eachWithNetwork();

  async function serving(options: { ui?: string; nodeOptions?: string[] } = {}) {
    const { server, link } = suite.network;
    const { ui = BUILT, nodeOptions = [] } = options;
    const args = ['--listen', '127.0.0.1:0', '--ui', ui, '--iface', link.server.device, '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args, nodeOptions }));
    const [text] = await packetlog.untilPrinted(/http:\/\/[^/\s]+/);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    return { packetlog, origin: text, port: Number(new URL(text).port) };
  }

  /** Runs a Node script in the loader's namespace; resolves with its output. */
  const inside = (script: string) => suite.network.server.exec(process.execPath, '--input-type=module', '-e', script);

  const pageStatus = (origin: string) =>
    inside(`const got = await fetch('${origin}/'); console.log(got.status, (await got.text()).includes('<title>'))`);

  test('requests for parts of a file are answered, and the loader continues', async () => {
    const { packetlog, origin } = await serving();
    const ranges = [
      'bytes=5-1',
      'bytes=0-0',
      'bytes=-1',
      'bytes=9-',
      'bytes=99999999-',
      'bytes=a-b',
      'x',
      'bytes=1-2,5-4',
    ];
    const statuses = await inside(`
      for (const Range of ${JSON.stringify(ranges)}) console.log((await fetch('${origin}/', { headers: { Range } })).status)
    `);
    expect(statuses.trim().split('\n')).toEqual(ranges.map(() => '200'));
    expect((await packetlog.end()).code).toBe(0);
    expect(packetlog.stderr).not.toMatch(/unexpected|\n\s+at /);
  });

  test('the loader survives the removal of its dashboard directory and downloads that end early', async () => {
    const ui = await mkdtemp(join(tmpdir(), 'packetlog-ui-'));
    try {
      await cp(BUILT, ui, { recursive: true });
      // The core's user reads it.
      await chmod(ui, 0o755);
      const { packetlog, origin, port } = await serving({ ui });
      const before = descriptors(serverPidOf(packetlog.pid));
      rmSync(ui, { recursive: true });
      expect((await pageStatus(origin)).trim()).toBe('200 true');
      await inside(`
        import { connect } from 'node:net';
        for (let i = 0; i < 600; i++) await new Promise((done) => {
          const socket = connect(${port}, '127.0.0.1', () => {
            socket.write('GET / HTTP/1.1\\r\\nHost: localhost:${port}\\r\\n\\r\\n', () => { socket.resetAndDestroy(); done(); });
          });
        });
      `);
      await until(async () => descriptors(serverPidOf(packetlog.pid)) <= before + 2, {
        what: 'the connections to be closed',
      });
      expect((await pageStatus(origin)).trim()).toBe('200 true');
    } finally {
      rmSync(ui, { recursive: true, force: true });
    }
  });

  test('without free descriptors the loader continues, and serves again once it has some', async () => {
    const { packetlog, origin, port } = await serving();
    const { server } = suite.network;
    const limit = descriptors(serverPidOf(packetlog.pid)) + 10;
    // As the server's user: root of a container may lack CAP_SYS_RESOURCE.
    const asServer = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
    const pid = String(serverPidOf(packetlog.pid));
    await server.exec('setpriv', ...asServer, 'prlimit', '--pid', pid, `--nofile=${limit}:${limit}`);
    const held = await inside(`
      import { connect } from 'node:net';
      const sockets = Array.from({ length: 60 }, () => connect(${port}, '127.0.0.1'));
      let closed = 0;
      for (const socket of sockets) socket.on('error', () => {}).on('close', () => closed++);
      for (const socket of sockets) socket.write('GET / HTTP/1.1\\r\\nHost: localhost:${port}\\r\\n\\r\\n');
      // The system closes connections for which the loader has no descriptor.
      while (closed < 20) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log('closed');
      process.exit();
    `);
    expect(held.trim()).toBe('closed');
    await until(async () => (await pageStatus(origin).catch(() => '')).trim() === '200 true', {
      what: 'the page again',
    });
    expect(packetlog.stderr).not.toMatch(/unexpected/);
    expect(isAlive(packetlog.pid)).toBe(true);
  });

  test('an uncaught error ends an idle loader with one line and an exit code, and nothing stays', async () => {
    const { packetlog, port } = await serving({ nodeOptions: FAULTY });
    const { server, link } = suite.network;
    expect(await packetlog.end('SIGUSR2')).toEqual({ code: 1, signal: null });
    expect(packetlog.stderr).toMatch(/^packetlog: unexpected: TypeError: a fault of the test .*report this/m);
    expect(packetlog.stderr).not.toMatch(/\n\s+at /);
    expect(await xdpOn(server, link.server.device)).toBeUndefined();
    expect(await server.exec('ss', '-Hltn', 'sport', '=', `:${port}`)).toBe('');
  });
});
