import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeService } from '../../../test/support/fake-kernel.ts';
import { NO_COUNTS } from '../../ipc/alerts/alerts-access.ts';
import type { ControlSession } from '../../ipc/control-session.ts';
import type { LoaderStatus } from '../../ipc/loader-status.ts';
import { RulesApi } from '../api/rules-api.ts';
import { Compiler } from '../compiler/worker/compiler.ts';
import type { AuditLog } from '../store/audit-log.ts';
import { ControlClient, NoLoaderError } from './control-client.ts';
import { type LoaderDescription, serveControl } from './control-server.ts';

let directory = '';
let path = '';
let server: Server | undefined;
let fake: ReturnType<typeof fakeService>;
let client: ControlClient;
const failures: unknown[] = [];
const SESSION: ControlSession = {
  pid: 7,
  network_namespace: '4026531833',
  served: { url: 'http://localhost:7411', token: 'to-look' },
  interfaces: [],
};
const HOP = { offered: 0, delivered: 0, dropped: 0, withheld: 0, pending: 0 };
const STATUS: LoaderStatus = {
  version: '1.2.3',
  pid: 7,
  since_ms: 1000,
  interfaces: [],
  ledger: { at_ms: 2000, ring: HOP, queue: HOP, reasons: {} },
  rates: { packets: 0, bytes: 0, denied: 0, by_interface: [] },
  rules: { rules: 0, default_policy: 'permit', in_force: true, alarms: [] },
  clients: 0,
  alerts: { alerts: 0, firing: [], waiting: 0, counts: NO_COUNTS },
  ring_bytes: 4096,
  memory_bytes: 4096,
  server: null,
};
const LOADER: LoaderDescription = {
  session: () => SESSION,
  status: () => STATUS,
  rotateTokens: () => ({ was_done: true }),
  past: () => undefined,
  bans: () => ({
    ask: async (verb, request, { who }) => ({
      ok: false,
      error: { code: 'invalid', message: `${who.name} asked ${verb} ${JSON.stringify(request)}` },
    }),
  }),
  alerts: () => ({ ask: async (verb) => ({ ok: false, error: { code: 'invalid', message: `asked ${verb}` } }) }),
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'packetlog-control-'));
  path = join(directory, 'control.sock');
  fake = fakeService();
  await fake.begin();
  failures.length = 0;
  // The loosest umask: any restriction of the mode comes from the server.
  const before = process.umask(0);
  server = await serveControl(path, apiOf(fake), LOADER);
  expect(process.umask(before)).toBe(0);
  client = new ControlClient(path, { user: 'alice' });
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
  await fake.end();
  rmSync(directory, { recursive: true });
});

function apiOf({ service, audit }: ReturnType<typeof fakeService>): RulesApi {
  return new RulesApi({
    service,
    audit: { newest: (limit) => audit.slice(-limit) } satisfies Pick<AuditLog, 'newest'>,
    compiler: new Compiler(),
    snapshot: () => service.snapshot({ enforcing: true, pinned: false }),
    dryRun: () => Promise.reject(new Error('broken inside')),
    proposePermits: () => Promise.reject(new Error('not here')),
    failed: (error) => failures.push(error),
  });
}

it('is a socket only for its owner', () => {
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('answers like the other socket, and records the caller', async () => {
  const added = await client.ask('add', { rule: { action: 'deny', source: '1.1.1.1' } });
  expect(added).toMatchObject({ ok: true, value: { rule: { id: 1, created_by: 'root (alice)' } } });
  expect(await client.ask('list', {})).toMatchObject({ ok: true, value: { rules: [{ id: 1 }] } });
  expect(await client.ask('audit', {})).toMatchObject({
    value: { entries: [{ who: { name: 'root (alice)', via: 'control', uid: 0 } }] },
  });
});

it('passes requests about bans on with the caller', async () => {
  expect(await client.bans('undo', { id: 3 })).toEqual({
    ok: false,
    error: { code: 'invalid', message: 'root (alice) asked undo {"id":3}' },
  });
  expect(await client.bans('burn' as 'list', {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
});

it.each([
  ['an unknown verb', () => client.ask('burn' as 'list', {}), 'not_found'],
  ['a rule that is none', () => client.ask('add', { rule: { action: 'deny', source: 'x' } }), 'invalid'],
  ['a key that is not known', () => client.ask('list', { x: 1 } as never), 'invalid'],
  ['no JSON', () => client.ask('list', 'x'.repeat(3) as never), 'invalid'],
  ['a rule that is not there', () => client.ask('remove', { ids: [9] }), 'not_found'],
])('answers %s with a typed error', async (_, asked, code) => {
  expect(await asked()).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(/./) } });
});

it.each([
  ['Łukasz', '192.0.2.7', { name: 'root (ukasz)', address: '192.0.2.7' }],
  ['alice\r\nx-packetlog-address: 192.0.2.8', undefined, { name: expect.stringMatching(/^root \(alicex-packetlog/) }],
  ['王', 'nowhere\n', { name: 'root' }],
])('takes the user %j and the address %j from the headers, as far as they are valid', async (user, address, who) => {
  const named = new ControlClient(path, { user, address });
  expect(await named.ask('add', { rule: { action: 'deny', source: '1.1.1.1' } })).toMatchObject({ ok: true });
  const { value } = (await client.ask('audit', {})) as { value: { entries: { who: object }[] } };
  expect(value.entries.at(-1)?.who).toEqual({ via: 'control', uid: 0, ...who });
});

it('identifies its loader', async () => {
  expect(await client.session()).toEqual(SESSION);
  expect(await client.status()).toEqual(STATUS);
});

it('answers an internal error without details, and logs it', async () => {
  expect(await client.ask('test', { rules: [] })).toMatchObject({ ok: false, error: { code: 'internal' } });
  expect(failures).toMatchObject([{ message: 'broken inside' }]);
});

it('imports a raw list completely or not at all', async () => {
  const list = Buffer.from('# feed\n1.2.3.0/24 ; SBL1\n{"cidr":"5.6.7.0/24"}\nadd x 9.9.9.9\n');
  const imported = await client.importBytes({ set: 'drop', action: 'deny', reason: 'feed' }, list);
  expect(imported).toMatchObject({ ok: true, value: { rule: { source: 'set:drop' }, set: { entries: 3 } } });
  expect(fake.kernel.verdict('1.2.3.4')).toBe('deny 1');

  const broken = Buffer.from('8.8.8.8\nnonsense\n');
  const rejected = await client.importBytes({ set: 'drop' }, broken);
  expect(rejected).toMatchObject({
    ok: false,
    error: { code: 'invalid', message: expect.stringMatching(/line 2: "nonsense"/) },
  });
  expect(fake.kernel.verdict('8.8.8.8')).toBe('permit');
  expect(fake.kernel.verdict('1.2.3.4')).toBe('deny 1');

  const skipped = await client.importBytes({ set: 'drop', skip_bad: 'true' }, broken);
  expect(skipped).toMatchObject({ ok: true, value: { bad_line_count: 1, rule: { id: 1 } } });
  expect(fake.kernel.verdict('8.8.8.8')).toBe('deny 1');
  expect(fake.kernel.verdict('1.2.3.4')).toBe('permit');
});

it('rejects or skips the bad lines of a list with a JSON object per line, not the list', async () => {
  const list = Buffer.from('{"cidr":"1.2.3.0/24"}\n{"cidr":"5.6.7.0/2\n{"cidr":"8.8.8.8"}\n');
  expect(await client.importBytes({ set: 'drop' }, list)).toMatchObject({
    ok: false,
    error: {
      message: expect.stringMatching(/^1 of the lines .*line 2: "\{"cidr":"5\.6\.7\.0\/2" is not a valid JSON/),
    },
  });
  const skipped = await client.importBytes({ set: 'drop', skip_bad: 'true' }, list);
  expect(skipped).toMatchObject({ ok: true, value: { bad_line_count: 1, set: { entries: 2 } } });
  expect(fake.kernel.verdict('8.8.8.8')).toBe('deny 1');
});

it('rejects a list that cannot be read at all, with the reason, also where bad lines are skipped', async () => {
  const cut = Buffer.from('["1.2.3.0/24",\n"5.6.7.0/24",\n');
  for (const more of [{}, { allow_empty: 'true' }]) {
    const rejected = await client.importBytes({ set: 'drop', skip_bad: 'true', ...more }, cut);
    expect(rejected).toMatchObject({
      ok: false,
      error: { field: 'entries', message: expect.stringMatching(/not valid JSON.* Nothing was changed\.$/) },
    });
  }
});

it.each([
  ['nothing at all', ''],
  ['comments alone', '# moved\n; gone\n'],
  ['a page that says so', '<html>404</html>\n'],
])('rejects a list of %s, which is usually a failed download', async (_, text) => {
  await client.importBytes({ set: 'drop' }, Buffer.from('1.2.3.0/24\n'));
  const rejected = await client.importBytes({ set: 'drop', skip_bad: 'true' }, Buffer.from(text));
  expect(rejected).toMatchObject({
    ok: false,
    error: { field: 'allow_empty', message: expect.stringMatching(/--allow-empty/) },
  });
  expect(fake.kernel.verdict('1.2.3.4')).toBe('deny 1');
  const meant = await client.importBytes({ set: 'drop', skip_bad: 'true', allow_empty: 'true' }, Buffer.from(text));
  expect(meant).toMatchObject({ ok: true, value: { set: { entries: 0 } } });
});

it('rejects a reason for an import that no rules file could hold', async () => {
  const rejected = await client.importBytes({ set: 'drop', reason: 'a\nb' }, Buffer.from('1.2.3.0/24\n'));
  expect(rejected).toMatchObject({ ok: false, error: { code: 'invalid', field: 'reason' } });
});

it('replaces the socket of a loader that was killed, not of one that answers', async () => {
  expect(await serveControl(path, apiOf(fake), LOADER)).toBeUndefined();
  const stale = join(directory, 'stale.sock');
  const killed = createServer().listen(stale);
  await new Promise((resolve) => killed.once('listening', resolve));
  // As after a kill: the file stays, but no process listens.
  const { linkSync, renameSync } = await import('node:fs');
  linkSync(stale, `${stale}.kept`);
  await new Promise((resolve) => killed.close(resolve));
  renameSync(`${stale}.kept`, stale);
  const second = await serveControl(stale, apiOf(fake), LOADER);
  expect(second).toBeDefined();
  await new Promise((resolve) => second?.close(resolve));
});

it('reports that no loader runs', async () => {
  const absent = new ControlClient(join(directory, 'absent.sock'), { user: 'root' });
  await expect(absent.ask('list', {})).rejects.toThrow(NoLoaderError);
});

it('applies a document, and says what was interpreted differently or has no effect', async () => {
  const rules = [
    { action: 'deny', source: '::ffff:1.2.3.4' },
    { action: 'deny', source: '5.6.7.8', expires_at: '2020-01-01T00:00:00Z' },
  ];
  const document = { version: 1 as const, rules, sets: { spare: { entries: ['9.9.9.9'] } } } as never;
  const check = await client.ask('apply', { document, check: true });
  expect(check).toMatchObject({ ok: true, value: { changed: true, diff: { added: [{ source: '1.2.3.4' }] } } });
  expect(fake.kernel.verdict('1.2.3.4')).toBe('permit');
  const applied = await client.ask('apply', { document });
  expect(applied).toMatchObject({
    ok: true,
    value: {
      changed: true,
      notes: [
        /^::ffff:1\.2\.3\.4 was read as 1\.2\.3\.4/,
        /5\.6\.7\.8 is not applied.*expired/,
        /Set spare is not applied/,
      ].map((part) => expect.stringMatching(part)),
    },
  });
  expect(fake.kernel.verdict('1.2.3.4')).toBe('deny 1');
  expect(await client.ask('apply', { document })).toMatchObject({ ok: true, value: { changed: false } });
});
