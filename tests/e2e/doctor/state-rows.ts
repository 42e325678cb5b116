/** Start-up failures of the state directory, the rules, the bpf file system and the pins. All are real. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inMounts, type Means, type Row, UNPRIVILEGED_UID } from './injection.ts';

function writeRules({ state }: Means, content: unknown): object {
  writeFileSync(join(state, 'rules.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return {};
}

const DENIED = { version: 1, rules: [{ action: 'deny', source: 'set:bad' }] };

export const STATE_ROWS: readonly Row[] = [
  {
    what: 'a state directory that its group can change',
    id: 'state_directory',
    state: 'fail',
    finding: 'can be changed by other users (mode 0770)',
    fix: 'restrict it to yourself',
    run: 4,
    inject: ({ state }) => {
      chownSync(state, 0, UNPRIVILEGED_UID);
      chmodSync(state, 0o770);
      return {};
    },
  },
  {
    what: 'a state directory of another user',
    id: 'state_directory',
    state: 'fail',
    finding: 'belongs to another user (uid 65534)',
    fix: 'PACKETLOG_STATE_DIR',
    run: 4,
    inject: ({ state }) => {
      chownSync(state, UNPRIVILEGED_UID, UNPRIVILEGED_UID);
      return {};
    },
  },
  {
    what: 'a state directory on a read-only file system',
    id: 'state_directory',
    state: 'warn',
    finding: 'is on a read-only file system',
    fix: 'Make it writable',
    run: 'warns',
    inject: ({ state }) => ({
      through: inMounts('mkdir -p -m 700 "$1/sets"; mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"', state),
    }),
  },
  {
    what: 'a state directory on a full file system',
    id: 'state_directory',
    state: 'warn',
    finding: 'is full',
    fix: 'Free some space',
    run: 'warns',
    inject: ({ state }) => ({
      through: inMounts(
        'mount -t tmpfs -o size=64k,mode=700 none "$1"; mkdir -m 700 "$1/sets"; dd if=/dev/zero of="$1/filler" 2>/dev/null || true',
        state,
      ),
    }),
  },
  {
    what: 'a state directory that this user may not change',
    id: 'state_directory',
    state: 'warn',
    finding: 'this user may not write to',
    fix: 'Check its owner',
    run: 'warns',
    inject: ({ files, place }) => {
      // Without root's right to ignore modes.
      const directory = join(files, 'closed');
      mkdirSync(join(directory, 'sets'), { recursive: true, mode: 0o700 });
      chmodSync(directory, 0o500);
      const bound = '-dac_override,-dac_read_search,-fowner';
      const keepMode = `chmod 0500 "$1"; mount --bind "$1" "$1"`;
      return {
        // Pins of other loaders belong to a user whose directory needs that right.
        args: ['--bpf-fs', place.path],
        env: { PACKETLOG_STATE_DIR: join(directory, 'state') },
        through: [...inMounts(keepMode, directory), 'setpriv', `--bounding-set=${bound}`, `--inh-caps=${bound}`],
      };
    },
  },
  {
    what: 'a state directory whose socket would have too long a path',
    id: 'state_directory',
    state: 'fail',
    finding: 'the path of the control socket',
    fix: 'a shorter path',
    run: 2,
    inject: ({ files }) => ({ env: { PACKETLOG_STATE_DIR: join(files, 'x'.repeat(100)) } }),
  },
  {
    what: 'a state directory that another loader uses',
    id: 'loader',
    state: 'warn',
    finding: 'already uses it',
    fix: 'End it first (kill',
    run: 3,
    inject: async ({ otherLoader, state }) => {
      await otherLoader({ args: ['--iface', 'server1'], env: { PACKETLOG_STATE_DIR: state } });
      return {};
    },
  },
  {
    what: 'a rules file that is not JSON',
    id: 'rules',
    state: 'fail',
    finding: 'read rules',
    fix: 'Repair it',
    run: 2,
    inject: (means) => writeRules(means, '{"rules": ['),
  },
  {
    what: 'a rules file with an unknown action',
    id: 'rules',
    state: 'fail',
    finding: 'rules.0.action',
    fix: 'Repair it',
    run: 2,
    inject: (means) => writeRules(means, { version: 1, rules: [{ action: 'reject', source: '192.0.2.9' }] }),
  },
  {
    what: 'a rule that names a set that does not exist',
    id: 'rules',
    state: 'fail',
    finding: 'there is no set bad',
    fix: 'Correct the file',
    run: 2,
    inject: (means) => writeRules(means, DENIED),
  },
  {
    what: 'a list whose file does not exist',
    id: 'rules',
    state: 'fail',
    finding: 'nothere.txt',
    fix: 'Repair it',
    run: 2,
    inject: (means) => writeRules(means, { ...DENIED, sets: { bad: { file: 'nothere.txt' } } }),
  },
  {
    what: 'a bpf file system that does not exist',
    id: 'bpf_fs',
    state: 'fail',
    finding: 'pin in /nowhere/bpf',
    fix: 'mount -t bpf',
    run: 2,
    inject: () => ({ args: ['--bpf-fs', '/nowhere/bpf'] }),
  },
  {
    what: 'a directory that is not a bpf file system',
    id: 'bpf_fs',
    state: 'fail',
    finding: 'it is not a bpf file system',
    fix: 'mount -t bpf',
    run: 2,
    inject: ({ files }) => ({ args: ['--bpf-fs', files] }),
  },
  {
    what: 'a bpf file system that is read-only',
    id: 'bpf_fs',
    state: 'fail',
    finding: 'the file system is read-only',
    fix: '--bpf-fs DIR',
    run: 4,
    inject: ({ place }) => ({
      args: ['--bpf-fs', place.path, '--pin', 'always'],
      through: inMounts('mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"', place.path),
    }),
  },
  {
    what: 'a bpf file system that other users can change',
    id: 'bpf_fs',
    state: 'fail',
    finding: 'can be changed by other users (mode 0777)',
    fix: 'Restrict it to root',
    run: 4,
    inject: ({ place }) => {
      chmodSync(place.path, 0o777);
      return { args: ['--bpf-fs', place.path] };
    },
  },
  {
    what: 'pins of another user',
    id: 'pins',
    state: 'fail',
    finding: 'it belongs to another user (uid 65534)',
    fix: 'Check its owner',
    run: 1,
    inject: ({ place }) => {
      const ours = join(place.path, 'packetlog');
      mkdirSync(ours, 0o700);
      chownSync(ours, UNPRIVILEGED_UID, UNPRIVILEGED_UID);
      return { args: ['--bpf-fs', place.path] };
    },
  },
];
