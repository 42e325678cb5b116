/** Start-up failures of privileges, libraries, memory, options and the server. All are real. */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../lab/command.ts';
import { startProcess } from '../../lab/process.ts';
import { until } from '../../lab/until.ts';
import { asNobody, inMounts, type Means, type Row, withoutCapabilities } from './injection.ts';

const MIB = 2 ** 20;
const PORT = 7499;
const LISTEN = `127.0.0.1:${PORT}`;
const OCCUPY = `require('net').createServer().listen(${PORT}, '127.0.0.1', () => console.log('listening'))`;
const TOO_OLD = 'int libbpf_major_version(void) { return 1; } int libbpf_minor_version(void) { return 0; }';

/** Runs the command in a control group with this much memory: of version 2, or where only version 1 counts memory, of that. */
function inMemory({ files }: Means, bytes: number): { through: string[]; undo: () => Promise<void> } {
  const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const root = isUnified ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  const group = join(root, `plt-doctor-${process.pid}-${files.slice(-6)}`);
  mkdirSync(group);
  const limit = join(group, isUnified ? 'memory.max' : 'memory.limit_in_bytes');
  // systemd has enabled it for all groups; without systemd, the first one does.
  const enabled = !existsSync(limit);
  const enable = (sign: '+' | '-') => writeFileSync(join(root, 'cgroup.subtree_control'), `${sign}memory`);
  if (enabled) enable('+');
  writeFileSync(limit, String(bytes));
  // ip netns exec mounts /sys again, without the control groups.
  const again = isUnified
    ? 'mount -t cgroup2 none /sys/fs/cgroup'
    : 'mount -t tmpfs none /sys/fs/cgroup; mkdir /sys/fs/cgroup/memory; mount -t cgroup -o memory none /sys/fs/cgroup/memory';
  const undo = async () => {
    await removeGroup(group);
    if (enabled) enable('-');
  };
  return { through: inMounts(`${again}; echo $$ > "$1/cgroup.procs"`, group), undo };
}

/** The helpers end after the loader. */
async function removeGroup(group: string): Promise<void> {
  const isEmpty = () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '';
  await until(isEmpty, { what: 'the end of the helpers' });
  rmdirSync(group);
}

async function libbpf(): Promise<string> {
  const found = /libbpf\.so\.1 .*=> (\S+)/.exec(await run('ldconfig', ['-p']))?.[1];
  if (found === undefined) throw new Error('libbpf.so.1 is not installed');
  return realpathSync(found);
}

const withoutCapability = (what: string, ...names: string[]): Row => ({
  what: `no ${what}`,
  id: 'capabilities',
  state: 'fail',
  finding: `${what} is missing`,
  fix: 'CapabilityBoundingSet=',
  run: 4,
  // CAP_SYS_ADMIN includes them for bpf(2).
  inject: () => ({ through: withoutCapabilities(...names, 'sys_admin') }),
});

export const MACHINE_ROWS: readonly Row[] = [
  withoutCapability('CAP_BPF', 'bpf'),
  withoutCapability('CAP_NET_ADMIN', 'net_admin'),
  withoutCapability('CAP_PERFMON', 'perfmon'),
  {
    what: 'a user without any capability',
    id: 'capabilities',
    state: 'fail',
    finding: 'CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are missing',
    fix: 'Run as root (sudo packetlog …)',
    run: 4,
    inject: (means) => ({ ...asNobody(means), env: { PACKETLOG_STATE_DIR: join(means.files, 'of-nobody') } }),
  },
  {
    what: 'no libbpf',
    id: 'libbpf',
    state: 'fail',
    finding: 'open library libbpf.so.1',
    fix: 'Install libbpf',
    run: 6,
    inject: async () => ({ through: inMounts('mount --bind /dev/null "$1"', await libbpf()) }),
  },
  {
    what: 'a libbpf that is too old',
    id: 'libbpf',
    state: 'fail',
    finding: 'use library libbpf.so.1: version 1.0 is too old',
    fix: 'Install libbpf 1.1 or later',
    run: 6,
    inject: async ({ files }) => {
      await run('clang', ['-shared', '-fPIC', '-x', 'c', '-', '-o', join(files, 'libbpf.so.1')], TOO_OLD);
      // Only for this command: ip(8) uses libbpf, too.
      return { through: ['env', `LD_LIBRARY_PATH=${files}`] };
    },
  },
  {
    what: 'no /sys',
    id: 'kernel',
    state: 'fail',
    finding: 'not mounted at /sys',
    fix: 'mount -t sysfs sysfs /sys',
    run: 6,
    also: ['namespace'],
    inject: () => ({ through: inMounts('mount -t tmpfs none /sys') }),
  },
  {
    what: 'less memory than the rings of --ring-size need',
    id: 'memory',
    state: 'fail',
    finding: 'the rings would take more than a quarter of the memory',
    fix: 'Use at most',
    run: 2,
    inject: (means) => ({ ...inMemory(means, 140 * MIB), args: ['--ring-size', '128MiB'] }),
  },
  {
    what: 'less memory than rings and loader need together',
    id: 'memory',
    state: 'warn',
    finding: 'packetlog may use 104 MiB of memory here and needs about',
    fix: 'MemoryMax=',
    run: 'warns',
    inject: (means) => inMemory(means, 104 * MIB),
  },
  {
    what: 'a port that is taken',
    id: 'listen',
    state: 'fail',
    finding: `listen on ${LISTEN}: the port is taken`,
    fix: '--listen HOST:PORT',
    run: 7,
    inject: async ({ network, own }) => {
      const other = own(startProcess(network.server, process.execPath, ['-e', OCCUPY]));
      await other.untilPrinted(/listening/);
      return { args: ['--listen', LISTEN] };
    },
  },
  {
    what: 'a port below 1024 without the capability for it',
    id: 'listen',
    state: 'fail',
    finding: 'ports below 1024 need CAP_NET_BIND_SERVICE',
    fix: '--listen HOST:PORT',
    run: 7,
    inject: () => ({ args: ['--listen', '127.0.0.1:80'], through: withoutCapabilities('net_bind_service') }),
  },
  {
    what: 'an address to listen on that the machine does not have',
    id: 'listen',
    state: 'fail',
    finding: 'no interface of this machine has this address',
    fix: '--listen HOST:PORT',
    run: 7,
    inject: () => ({ args: ['--listen', `203.0.113.77:${PORT}`] }),
  },
  {
    what: 'an address that other machines can reach',
    id: 'listen',
    state: 'warn',
    finding: 'other machines can reach this address over plain HTTP',
    fix: 'Use --tls-cert and --tls-key, or a TLS proxy.',
    run: 'warns',
    inject: () => ({ args: ['--listen', `0.0.0.0:${PORT}`] }),
  },
  {
    what: 'an address for metrics that is taken',
    id: 'metrics',
    state: 'fail',
    finding: 'the port is taken',
    fix: '--metrics HOST:PORT, or --metrics off',
    run: 7,
    inject: async ({ network, own }) => {
      const other = own(startProcess(network.server, process.execPath, ['-e', OCCUPY]));
      await other.untilPrinted(/listening/);
      return { args: ['--listen', `127.0.0.1:${PORT + 1}`, '--metrics', LISTEN] };
    },
  },
  {
    what: 'metrics without a server',
    id: 'metrics',
    state: 'fail',
    finding: 'with --listen off there is no server',
    fix: 'Remove --listen off',
    run: 2,
    inject: () => ({ args: ['--metrics', 'same'] }),
  },
  {
    what: 'a TLS certificate that is not one',
    id: 'tls',
    state: 'fail',
    finding: 'use the TLS certificate /etc/passwd: it has no PEM certificate',
    fix: 'Give a PEM file',
    run: 2,
    inject: () => ({ args: ['--listen', LISTEN, '--tls-cert', '/etc/passwd', '--tls-key', '/etc/passwd'] }),
  },
  {
    what: 'a directory without a dashboard',
    id: 'dashboard',
    state: 'fail',
    finding: 'it has no index.html',
    fix: '--ui off',
    run: 2,
    inject: ({ files }) => ({ args: ['--listen', LISTEN, '--ui', files] }),
  },
  {
    what: 'a file of --geoip that does not exist',
    id: 'geoip',
    state: 'fail',
    finding: 'read --geoip /nowhere.mmdb',
    fix: 'or omit --geoip',
    run: 2,
    inject: () => ({ args: ['--listen', LISTEN, '--geoip', '/nowhere.mmdb'] }),
  },
  {
    what: 'stored tokens that are damaged',
    id: 'tokens',
    state: 'fail',
    finding: 'it has no valid tokens',
    fix: 'packetlog token rotate',
    run: 2,
    inject: ({ state }) => {
      writeFileSync(join(state, 'tokens.json'), '{"token": 1}');
      return { args: ['--listen', LISTEN] };
    },
  },
];

/** Options that both commands reject with the same words and exit code 2. */
export const REJECTED_OPTIONS: readonly [what: string, args: (means: Means) => string[], words: string][] = [
  ['an origin with a path', () => ['--allow-origin', 'https://a.example/x'], 'Write an origin'],
  ['an unknown mode', () => ['--mode', 'fast'], 'Allowed choices are auto, native, generic'],
  ['a ring size that is no power of two', () => ['--ring-size', '3MiB'], 'must be a power of two'],
  [
    'a configuration that is not JSON',
    ({ files }) => {
      writeFileSync(join(files, 'config.json'), '{"iface": ');
      return ['--config', join(files, 'config.json')];
    },
    'It must be a JSON object',
  ],
  [
    'a configuration with an unknown key',
    ({ files }) => {
      writeFileSync(join(files, 'config.json'), '{"interface": "eth0"}');
      return ['--config', join(files, 'config.json')];
    },
    'unknown key "interface"',
  ],
];
