/** Other programs and loaders are there, and namespaces and containers come and go. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { compileBpf } from '../../lab/compile.ts';
import { createNamespace } from '../../lab/namespace.ts';
import { PACKETLOG, startProcess } from '../../lab/process.ts';
import { until } from '../../lab/until.ts';
import type { Kind } from '../kind.ts';
import { type ChaosLab, FILES, STATE } from '../lab.ts';

const PASS = fileURLToPath(new URL('../../e2e/doctor/pass.bpf.c', import.meta.url));
/** The pin of another tool's program. */
const FOREIGN = '/mnt/bpf/foreign';

async function command(lab: ChaosLab, ...args: string[]): Promise<void> {
  const process = lab.spawn(...args);
  const { code } = await process.exited;
  if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}: ${process.stderr}`);
}

const foreignFirst: Kind = {
  name: 'foreign-program-first',
  weight: 2,
  async inject(lab, random) {
    const object = `${FILES}/pass.o`;
    await compileBpf(lab.path(object), PASS);
    await command(lab, 'bpftool', 'prog', 'load', object, FOREIGN);
    await lab.opens();
    // Otherwise the loader would attach first.
    process.kill(lab.pid, 'SIGSTOP');
    await lab.outage(async () => {
      await lab.cable.delete({ under: random.chance(0.5) });
      const ifindex = await lab.cable.create({ down: true });
      await command(lab, 'bpftool', 'net', 'attach', 'xdpgeneric', 'pinned', FOREIGN, 'dev', 'server0');
      await lab.cable.up();
      await lab.sender.sendFrom(ifindex);
    });
    process.kill(lab.pid, 'SIGCONT');
    await lab.loader?.untilPrinted(/another|was left alone/i);
    await delay(random.integer(0, 100));
    return async () => {
      await command(lab, 'bpftool', 'net', 'detach', 'xdpgeneric', 'dev', 'server0');
      rmSync(lab.path(FOREIGN));
    };
  },
};

const detached: Kind = {
  name: 'program-detached-by-another-tool',
  weight: 2,
  async inject(lab) {
    const link = lab.pinPaths().find((path) => /\/link_\d+_/.test(path));
    if (link === undefined) throw new Error('no link is pinned');
    await lab.opens();
    await command(lab, 'bpftool', 'link', 'detach', 'pinned', link);
    return async () => {};
  },
};

const secondLoader: Kind = {
  name: 'second-loader',
  weight: 2,
  async inject(lab, random) {
    const own = random.chance(0.5) ? [] : ['env', `PACKETLOG_STATE_DIR=${FILES}/other`];
    const second = lab.spawn(...own, process.execPath, PACKETLOG, '--iface', 'server0', '--listen', 'off');
    const { code } = await second.exited;
    if (code !== 3 && code !== 1) throw new Error(`a second loader ended with ${code}: ${second.stderr}`);
    rmSync(lab.path(join(FILES, 'other')), { recursive: true, force: true });
    return async () => {};
  },
};

const unloadAttempt: Kind = {
  name: 'unload-while-running',
  weight: 1,
  async inject(lab) {
    const unload = lab.packetlog('unload');
    const { code } = await unload.exited;
    if (code !== 3) throw new Error(`unload ended with ${code}: ${unload.stderr}`);
    return async () => {};
  },
};

const unloaded: Kind = {
  name: 'unloaded-while-dead',
  weight: 1,
  async inject(lab) {
    await lab.kill();
    await lab.opens();
    lab.forgotten.add('counters').add('hits');
    await command(lab, process.execPath, PACKETLOG, 'unload');
    return async () => void lab.start();
  },
};

const neighbour: Kind = {
  name: 'loader-in-another-namespace',
  weight: 1,
  async inject(lab, random) {
    const elsewhere = await createNamespace();
    await elsewhere.ip('link add other0 type veth peer name other1', 'link set other0 up');
    const args = ['--iface', 'other0', '--listen', 'off', '--print', 'none'];
    const env = { PACKETLOG_STATE_DIR: lab.path(join(FILES, 'neighbour')), PACKETLOG_PIN: 'never' };
    const other = startProcess(elsewhere, process.execPath, [PACKETLOG, ...args], env);
    await delay(random.integer(0, 1500));
    await other.end('SIGKILL');
    return async () => {
      await elsewhere.dispose();
      rmSync(lab.path(join(FILES, 'neighbour')), { recursive: true, force: true });
    };
  },
};

const container: Kind = {
  name: 'core-killed-in-container',
  weight: 1,
  async inject(lab, random) {
    await lab.kill();
    // A PID namespace of its own; the pins are in the lab's bpf file system, as with --bpf-fs.
    const inside = lab.spawn('unshare', '--pid', '--fork', '--mount-proc', process.execPath, PACKETLOG, ...lab.args());
    const loader = await until(() => loaderOf(inside.pid), { what: 'the loader in its PID namespace' });
    await delay(random.integer(0, 1200));
    // Not unshare: the kernel forgets --kill-child when the loader drops root's rights (commit_creds()).
    process.kill(loader, 'SIGKILL');
    await inside.exited;
    return async () => void lab.start();
  },
};

/** Returns the pid of the child of a process that executes Node.js. */
function loaderOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  return children
    .filter((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith(`${process.execPath}\0`))
    .map(Number)[0];
}

const remount = (lab: ChaosLab, how: 'ro' | 'rw') => command(lab, 'mount', '-o', `remount,${how}`, STATE);

const readOnly: Kind = {
  name: 'state-read-only',
  weight: 1,
  async inject(lab, random) {
    await remount(lab, 'ro');
    const { ok } = await lab.control.ask('add', { rule: { action: 'deny', source: '198.18.7.7' } });
    if (ok) throw new Error('a rule was added although it could not be written');
    await delay(random.integer(0, 100));
    return () => remount(lab, 'rw');
  },
};

const readOnlyAtStart: Kind = {
  name: 'state-read-only-at-start',
  weight: 1,
  async inject(lab) {
    await lab.kill();
    // Nothing can be created in it, so the next loader gives no commands a socket there.
    rmSync(lab.statePath('control.sock'), { force: true });
    await remount(lab, 'ro');
    const provisional = lab.start();
    await Promise.race([provisional.untilPrinted(/Waiting for Ctrl-C/), provisional.exited]);
    await lab.kill();
    return async () => {
      await remount(lab, 'rw');
      lab.start();
    };
  },
};

export const ENVIRONMENT_KINDS: readonly Kind[] = [
  foreignFirst,
  detached,
  secondLoader,
  unloadAttempt,
  unloaded,
  neighbour,
  container,
  readOnly,
  readOnlyAtStart,
];
