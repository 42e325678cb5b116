import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { HubFixture } from '../../test/support/hub-fixture.ts';
import { openControlServer } from './control-server.ts';

async function started() {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-hub-'));
  const fixture = await HubFixture.start();
  onTestFinished(async () => {
    await fixture.close();
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, 'hub.sock');
  const open = async () => {
    const server = await openControlServer(path, fixture.hub);
    onTestFinished(() => void server.close());
  };
  return { path, open };
}

function post(socketPath: string, path: string, body: string, method = 'POST'): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, method, agent: false }, (response) => resolve(text(response)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

it('answers commands of its owner only', async () => {
  const { path, open } = await started();
  await open();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const answer = await post(path, '/fleet/person_add', '{"person":"ann","role":{"kind":"look"}}');
  expect(JSON.parse(answer)).toMatchObject({ ok: true, value: { person: 'ann' } });
});

it('rejects what is no request', async () => {
  const { path, open } = await started();
  await open();
  const notFound = { ok: false, error: { code: 'not_found' } };
  expect(JSON.parse(await post(path, '/fleet/nothing', '{}'))).toMatchObject(notFound);
  expect(JSON.parse(await post(path, '/fleet/nodes', '{}', 'PUT'))).toMatchObject(notFound);
  expect(JSON.parse(await post(path, '/fleet/nodes', 'no JSON'))).toMatchObject({ error: { code: 'invalid' } });
});

it('replaces the socket of an ended hub, and not that of a running one', async () => {
  const { path, open } = await started();
  writeFileSync(path, '');
  await open();
  await expect(open()).rejects.toThrow('another hub answers there');
  expect(JSON.parse(await post(path, '/fleet/nodes', '{}'))).toMatchObject({ ok: true });
});
