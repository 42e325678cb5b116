/** How much memory and time of other clients a client with a read-only token can take. Needs root. */
import { appendFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, done, makeRulesPlace, type RulesPlace } from '../e2e/rules-command.ts';
import { eachWithNetwork } from '../e2e/suite.ts';
import { LAB_TOKEN, type LabProcess, startPacketlog, startProcess } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';

const ATTACKER = fileURLToPath(new URL('attacker.mjs', import.meta.url));
/** On SIGUSR2 the loader prints the memory in use after a garbage collection. */
const WEIGH = `process.on('SIGUSR2', () => {
  gc();
  const { heapUsed, external } = process.memoryUsage();
  process.stderr.write('KEPT ' + (heapUsed + external) + '\\n');
})`;
const WEIGHED = ['--expose-gc', '--import', `data:text/javascript,${encodeURIComponent(WEIGH)}`];
const RULES = 1000;
const AUDIT_BYTES = 60 * 1024 * 1024;
/** Some requests and answers are always in flight. The attack sends and requests about a hundred times as much. */
const MAY_KEEP_BYTES = 10 * 1024 * 1024;

describe.skipIf(!requireRoot())('attacked with a read-only token', () => {
  const suite = eachWithNetwork();
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());

  async function kept(packetlog: LabProcess): Promise<number> {
    const weighed = () => [...packetlog.stderr.matchAll(/^KEPT (\d+)$/gm)];
    const before = weighed().length;
    process.kill(packetlog.pid, 'SIGUSR2');
    await packetlog.until(() => weighed().length > before, 'its weight');
    return Number(weighed().at(-1)?.[1]);
  }

  test('the loader needs no more memory, and answers root and administrators meanwhile', async () => {
    const { server, link } = suite.network;
    // Small socket buffers: unread answers wait in the loader.
    const small = '4096 16384 65536';
    await server.setSysctls({ 'net/ipv4/tcp_wmem': small, 'net/ipv4/tcp_rmem': small });
    const args = ['--listen', '127.0.0.1:0', '--ui', 'off', '--iface', link.server.device, '--print', 'none'];
    const packetlog = suite.own(startPacketlog(server, { args, env: place.env, nodeOptions: WEIGHED }));
    const [text] = await packetlog.untilPrinted(/http:\/\/\S+/);
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const rules = Array.from({ length: RULES }, (_, i) => ({
      action: 'deny' as const,
      source: `198.${18 + (i >> 12)}.${(i >> 4) & 255}.${(i & 15) << 4}/28`,
      reason: 'so that the list of all rules is long',
    }));
    for (let at = 0; at < RULES; at += 500) await done(place, 'add_many', { rules: rules.slice(at, at + 500) });
    const audit = place.path('audit.ndjson');
    const line = `{"at":"2026-01-01T00:00:00.000Z","what":"nothing that is known","why":"${'x'.repeat(900)}"}\n`;
    appendFileSync(audit, line.repeat(Math.ceil(AUDIT_BYTES / line.length)));
    expect(statSync(audit).size).toBeGreaterThan(AUDIT_BYTES);

    const { origin } = new URL(text);
    const token = LAB_TOKEN;
    const attacker = suite.own(startProcess(server, process.execPath, [ATTACKER, JSON.stringify({ origin, token })]));
    await attacker.until(({ stdout }) => stdout.includes('quiet'), 'its connection');
    const before = await kept(packetlog);
    process.kill(attacker.pid, 'SIGUSR2');
    // During the attack: each of these could have to wait for all earlier requests.
    let answered = 0;
    let isOver = false;
    const attack = attacker
      .until(({ stdout }) => stdout.includes('sent'), 'the end of the attack')
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      expect(await ask(place, 'revert', {})).toMatchObject({ ok: false, error: { code: 'not_found' } });
      answered++;
    }
    await attack;
    expect(answered).toBeGreaterThan(2);
    expect((await kept(packetlog)) - before).toBeLessThan(MAY_KEEP_BYTES);
    await done(place, 'add', { rule: { action: 'deny', source: '203.0.113.1' } });
    expect((await packetlog.end()).code).toBe(0);
  });
});
