/**
 * Start-up failures: `doctor` names each, and `run` fails or warns with the same finding and fix. Real loaders, kernels
 * and namespaces; nothing in these tables is simulated. Needs root.
 */
import { chmodSync, existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withLoaderCopy } from '../lab/loader-copy.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';
import { requireRoot } from '../lab/root.ts';
import { asNobody, type Means, makeDirectory, type Row, type Setting, startWith } from './doctor/injection.ts';
import { MACHINE_ROWS, REJECTED_OPTIONS } from './doctor/machine-rows.ts';
import { NETWORK_ROWS } from './doctor/network-rows.ts';
import { STATE_ROWS } from './doctor/state-rows.ts';
import { eachWithPins } from './pinned.ts';

interface Check {
  readonly id: string;
  readonly state: string;
  readonly finding: string;
  readonly fix: string | null;
}

/** Both commands compute the time at which a program was loaded, to the second. */
const sameTime = (text: string) => text.replace(/since \d{4}-\S+?Z/g, 'since then').replaceAll('\\"', '"');

describe.skipIf(!requireRoot())('a start that fails', () => {
  const suite = eachWithPins({ ipv6: false, links: 2 });
  const readable = withLoaderCopy();
  let directories: ReturnType<typeof makeDirectory>[] = [];
  let undo: Setting['undo'];
  let means: Means;

  beforeEach(() => {
    const [state, files] = [makeDirectory(), makeDirectory()];
    directories = [state, files];
    // The core's user reads the dashboard and libraries in it.
    chmodSync(files.path, 0o755);
    means = {
      network: suite.network,
      place: suite.place,
      state: state.path,
      files: files.path,
      readable,
      own: suite.own,
      otherLoader: async ({ args, env = {} }) => {
        const loader: LabProcess = startPacketlog(suite.network.server, {
          args: [...args, '--print', 'none', '--listen', 'off'],
          env,
        });
        await suite.own(loader).untilPrinted(/Waiting for Ctrl-C/);
        return loader;
      },
    };
  });
  afterEach(async () => {
    await undo?.();
    undo = undefined;
    for (const { remove } of directories) remove();
  });

  async function doctor(setting: Setting): Promise<{ checks: Check[]; code: number | null }> {
    const command = suite.own(startWith(means, 'doctor', setting));
    const { code } = await command.exited;
    expect(command.stderr).toBe('');
    return { ...(JSON.parse(command.stdout) as { checks: Check[] }), code };
  }

  /** Resolves with what `run` said: until it ended, or until it watched. */
  async function said(setting: Setting, how: Row['run']): Promise<string> {
    const packetlog = suite.own(startWith(means, 'run', setting));
    if (how === 'warns') {
      await packetlog.untilPrinted(/Waiting for Ctrl-C/);
      await packetlog.end();
    } else {
      expect({ ...(await packetlog.exited), said: packetlog.stderr }).toMatchObject({ code: how, signal: null });
    }
    return sameTime(packetlog.stderr);
  }

  test.each([...NETWORK_ROWS, ...STATE_ROWS, ...MACHINE_ROWS])('$what: doctor names it, as $id', async (row) => {
    const setting = await row.inject(means);
    undo = setting.undo;

    const { checks, code } = await doctor(setting);
    const named = checks.find(({ id, state, finding }) => {
      return id === row.id && state === row.state && finding.includes(row.finding);
    });
    const others = checks.filter(({ state }) => state !== 'ok');
    expect(named, JSON.stringify(others, undefined, 1)).toBeDefined();
    expect(named?.fix).toContain(row.fix);
    const failing = new Set(checks.filter(({ state }) => state === 'fail').map(({ id }) => id));
    expect([...failing].filter((id) => id !== row.id && row.also?.includes(id) !== true)).toEqual([]);
    expect(code).toBe(failing.size > 0 ? 1 : 0);

    const words = await said(setting, row.run);
    const repeated = row.shared === undefined ? [named?.finding ?? '', named?.fix ?? ''] : [row.shared];
    for (const each of repeated) expect(words).toContain(sameTime(each));
  });

  test.each(REJECTED_OPTIONS)('%s: doctor and run reject it with the same words', async (_, args, words) => {
    const setting = { args: args(means) };
    const [asDoctor, asRun] = ['doctor', 'run'].map((command) =>
      suite.own(startWith(means, command as 'doctor' | 'run', setting)),
    ) as [LabProcess, LabProcess];
    expect(await asDoctor.exited).toEqual({ code: 2, signal: null });
    expect(await asRun.exited).toEqual({ code: 2, signal: null });
    expect(asDoctor.stderr).toBe(asRun.stderr);
    expect(asRun.stderr).toContain(words);
  });

  test('as another user: doctor says which checks it could not make, and how to make them', async () => {
    const { checks, code } = await doctor(asNobody(means));
    const unmade = checks.filter(({ finding }) => finding.startsWith('Not checked: '));
    expect(unmade.map(({ id }) => id)).toEqual(['loader', 'rules']);
    for (const { state, fix } of unmade)
      expect([state, fix]).toEqual(['warn', 'Run it as root: sudo packetlog doctor.']);
    expect(code).toBe(1);
  });
});

describe.skipIf(!requireRoot())('doctor', () => {
  const suite = eachWithPins({ ipv6: false });
  const doctorHere = async (...args: string[]) => {
    const command = suite.own(
      startPacketlog(suite.network.server, { args: ['doctor', '--iface', 'server0', ...args] }),
    );
    return { ...(await command.exited), said: command.stdout, failed: command.stderr };
  };

  test('finds nothing wrong in a healthy namespace, in lines of at most 80 columns, and changes nothing', async () => {
    const state = makeDirectory();
    state.remove();
    const command = startPacketlog(suite.network.server, {
      args: ['doctor', '--iface', 'server0', '--bpf-fs', suite.place.path],
      env: { PACKETLOG_STATE_DIR: state.path },
    });
    expect(await suite.own(command).exited).toEqual({ code: 0, signal: null });
    const lines = command.stdout.trimEnd().split('\n');
    expect(lines.filter((line) => line.length > 80 && line.trim().includes(' '))).toEqual([]);
    expect(lines.at(-1)).toMatch(/^\d+ ok, 0 warn, 0 fail\. packetlog run would start with these options\.$/);
    expect(lines.filter((line) => /^(warn|fail) /.test(line))).toEqual([]);
    expect(command.stdout).toMatch(/^ok {4}driver {11}server0: driver veth\.$/m);
    expect(command.stdout).toMatch(/^ok {4}native_xdp {7}server0: the driver supports native mode/m);
    expect(command.stdout).toContain('server0: no VLAN is configured (tags would be removed');
    expect(command.stdout).not.toContain('\u001b');
    expect(existsSync(state.path)).toBe(false);
    expect(suite.place.pins()).toEqual([]);
  });

  test('judges another network namespace, and has no failure while the loader it judges runs', async () => {
    const { server } = suite.network;
    const state = makeDirectory();
    try {
      const env = { PACKETLOG_STATE_DIR: state.path };
      const options = [
        '--iface',
        'server0',
        '--listen',
        '127.0.0.1:7498',
        '--pin',
        'always',
        '--bpf-fs',
        suite.place.path,
      ];
      const loader = suite.own(startPacketlog(server, { args: [...options, '--print', 'none'], env }));
      await loader.untilPrinted(/Waiting for Ctrl-C/);
      const doctor = startPacketlog(server, { args: ['doctor', ...options, '--netns', server.name, '--json'], env });
      expect(await suite.own(doctor).exited).toEqual({ code: 0, signal: null });
      const { checks } = JSON.parse(doctor.stdout) as { checks: Check[] };
      const warnings = checks.filter(({ state: level }) => level !== 'ok').map(({ id, finding }) => [id, finding]);
      expect(warnings).toEqual([
        ['listen', 'listen on 127.0.0.1:7498: the port is taken.'],
        ['loader', expect.stringContaining(`packetlog with pid ${loader.pid} already uses it`)],
      ]);
      await loader.end();
    } finally {
      state.remove();
    }
  });

  test('rejects a wrong option with the exit code for usage', async () => {
    const { code, failed, said } = await doctorHere('--jsn');
    expect({ code, said }).toEqual({ code: 2, said: '' });
    expect(failed).toContain("unknown option '--jsn'");
  });
});
