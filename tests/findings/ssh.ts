/** Real ssh sessions in the lab: dropbear with keys that the test makes. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startProcess } from '../lab/process.ts';

const PORT = 22;

export interface SshServer {
  readonly daemon: LabProcess;
  /** Path of the client's key. */
  readonly key: string;
  remove(): void;
}

/** Starts dropbear. Its home directory is one of the test: the mount is seen only by processes of the namespace. */
export async function startSshServer(at: Namespace, address: string): Promise<SshServer> {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-ssh-'));
  const [hostKey, key, home] = [join(directory, 'host'), join(directory, 'key'), join(directory, 'home')];
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  execFileSync('dropbearkey', ['-t', 'ed25519', '-f', hostKey], { stdio: 'ignore' });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  copyFileSync(`${key}.pub`, join(home, '.ssh/authorized_keys'));
  const script = 'mount --bind "$1" "$2" && exec dropbear -F -E -s -m -r "$3" -P "$4" -p "$5"';
  const args = [home, userInfo().homedir, hostKey, join(directory, 'pid'), `${address}:${PORT}`];
  const daemon = startProcess(at, 'sh', ['-c', script, 'sh', ...args]);
  await daemon.untilPrinted(/Not backgrounding/);
  return { daemon, key, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

const OPTIONS = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];

/** Runs a command over ssh that prints 100 kB. */
export async function sshSession(from: Namespace, address: string, { key }: Pick<SshServer, 'key'>): Promise<void> {
  const options = OPTIONS.flatMap((option) => ['-o', option]);
  const command = 'head -c 100000 /dev/zero';
  await from.exec('ssh', '-F', 'none', '-i', key, ...options, `${userInfo().username}@${address}`, command);
}
