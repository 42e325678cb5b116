/** Denied packets have separate rings in each transport. Needs root. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { InterfaceLedger } from '@packetlog/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dialogue, dialogueWith } from '../lab/dialogue.ts';
import { requireRoot } from '../lab/root.ts';
import { buildSender, type SenderBuild, sendNumbered } from '../sequence/pair.ts';

const script = fileURLToPath(new URL('./deny-rings.mjs', import.meta.url));
/** This many records fit into the ring for denied packets, a quarter of 64 KiB. */
const FEW = 128;
/** This many records fill every ring. */
const MANY = 51_200;

describe.skipIf(!requireRoot()).each(['array', 'ring', 'perf'])('denied packets (%s)', (transport) => {
  let build: SenderBuild;
  let reader: Dialogue;
  let program: number;
  beforeAll(async () => {
    build = await buildSender();
    reader = dialogueWith(
      spawn(process.execPath, [script, transport], { stdio: ['pipe', 'pipe', 'inherit'] }),
      'reader',
    );
    program = (await reader.ask<{ program: number }>()).program;
  });
  afterAll(async () => {
    await reader.end();
    build.remove();
  });
  const send = (count: number) => sendNumbered(build, program, ['flood', '0', String(count)]);

  it('are recorded, with the rule that denied them, apart from permitted ones', async () => {
    await reader.ask('rules odd');
    await send(FEW);
    expect(await reader.ask('drain')).toEqual({
      'permits: permit by rule 0': FEW / 2,
      'denies: deny by rule 7': FEW / 2,
    });
  });

  it('find room in the ring while permitted ones fill theirs', async () => {
    await reader.ask('rules none');
    await send(MANY);
    const full = await reader.ask<InterfaceLedger>('count');
    expect(full.ring_full).toBeGreaterThan(0);
    await reader.ask('rules all');
    await send(FEW);
    const after = await reader.ask<InterfaceLedger>('count');
    expect(after.denied - full.denied).toBe(FEW);
    expect(full.denied_bytes * 2).toBe(FEW * (full.bytes / full.seen));
    expect(after.ring_full).toBe(full.ring_full);
    expect(await reader.ask('drain')).toMatchObject({ 'denies: deny by rule 7': FEW });
  });

  it('are dropped and counted also if the ring is full', async () => {
    const before = await reader.ask<InterfaceLedger>('count');
    await reader.ask('rules all');
    await send(MANY);
    const after = await reader.ask<InterfaceLedger>('count');
    const { 'denies: deny by rule 7': recorded = 0 } = await reader.ask<Record<string, number>>('drain');
    expect(after.denied - before.denied).toBe(MANY);
    expect(after.denied_bytes - before.denied_bytes).toBe(after.bytes - before.bytes);
    expect(after.permitted).toBe(before.permitted);
    expect(after.emitted - before.emitted).toBe(recorded);
    expect(recorded + after.ring_full - before.ring_full).toBe(MANY);
  });

  it('wake a sleeping reader', async () => {
    await reader.ask('rules all');
    await reader.ask('sleep');
    await send(1);
    const { slept_ms } = await reader.ask<{ slept_ms: number }>();
    expect(slept_ms).toBeLessThan(10_000);
    expect(await reader.ask('drain')).toEqual({ 'denies: deny by rule 7': 1 });
  });
});
