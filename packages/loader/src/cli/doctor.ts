/** `packetlog doctor`: prints what would make `packetlog run` fail with the same options, and what to do about it. */

import { diagnose } from '../doctor/diagnose.ts';
import { attempt, type Check, fail, ok, warn } from '../doctor/doctor-check.ts';
import { reportText } from '../doctor/report.ts';
import { EXIT } from '../errors/exit-codes.ts';
import { dropProblem } from '../launch/drop-problem.ts';
import { ownPrivileges, type Privileges, setprivPath, switchesUser } from '../supervisor/server-command.ts';
import { NEEDED_TEXT } from '../system/capabilities.ts';
import { coreUser, type User } from '../system/service-user.ts';
import type { RunOptions } from './options/run-settings.ts';
import { version } from './process/package-version.ts';
import { terminalJson } from './process/terminal-text.ts';
import { lastInterfaces } from './run/last-interfaces.ts';
import { readPageFiles } from './run/page-files.ts';
import { readTls } from './run/tls-files.ts';
import { storedTokens } from './run/token-file.ts';
import { uiDirectory, withoutServer } from './run/ui-directory.ts';

/** Resolves with the exit code: 1 if a check fails. */
export async function doctor(
  options: RunOptions,
  isJson: boolean,
  print: (text: string) => void,
  hasColor: boolean,
): Promise<number> {
  const known = {
    version: version(),
    lastInterfaces: lastInterfaces(options.state.directory),
    hasTls: options.tls !== undefined,
  };
  const checks = await diagnose({ ...options, ...known }, () => serverFileChecks(options));
  print(`${isJson ? terminalJson({ checks }) : reportText(checks, hasColor).join('\n')}\n`);
  return checks.some(({ state }) => state === 'fail') ? EXIT.failed : EXIT.ok;
}

function serverFileChecks({ listen, metrics, ui, state, tls }: RunOptions): Check[] {
  const core = attempt('core_process', () => [coreProcessCheck(process.geteuid?.(), coreUser(), dropProblem())]);
  if (listen === 'off') {
    return [
      ...core,
      ...(metrics === 'off' ? [] : [fail('metrics', withoutServer('metrics'))]),
      ...(tls === undefined ? [] : [fail('tls', withoutServer('TLS'))]),
    ];
  }
  return [
    ...core,
    ...attempt('server_process', () => [serverProcessCheck(setprivPath(), ownPrivileges())]),
    ...attempt('tls', () => tlsChecks(tls)),
    ...attempt('dashboard', () => {
      const directory = uiDirectory(ui);
      // Reads the files, as a start does.
      if (directory !== undefined) readPageFiles(directory);
      return [
        ok('dashboard', directory === undefined ? 'Not served, because of --ui off' : `Served from ${directory}`),
      ];
    }),
    ...attempt('tokens', () => [
      ok('tokens', storedTokens(state.directory) ? 'Stored in tokens.json' : 'Created at the first start'),
    ]),
  ];
}

/** `user`: of the core; `problem`: why root's rights cannot be dropped. Pure. */
export function coreProcessCheck(uid: number | undefined, user: User | undefined, problem: string | undefined): Check {
  if (uid !== 0) return ok('core_process', 'The core runs as this user');
  if (problem === undefined) {
    return ok('core_process', `The core drops root’s rights: it runs as uid ${user?.uid}, with ${NEEDED_TEXT}`);
  }
  return warn('core_process', {
    problem: `The core keeps root’s rights: ${problem}`,
    next: 'In a container, grant what is missing (--cap-add); elsewhere use the service: systemctl start packetlog.',
  });
}

/** `setpriv`: its path. Pure. */
export function serverProcessCheck(setpriv: string, privileges: Privileges): Check {
  if (switchesUser(privileges)) {
    return ok('server_process', `${setpriv} drops the rights of the server process, which runs as another user`);
  }
  if (privileges.uid !== 0) {
    return ok('server_process', `${setpriv} drops the rights of the server process, which runs as this user`);
  }
  return warn('server_process', {
    problem: 'The server process would have no capabilities, but run as root: CAP_SETUID or CAP_SETGID is missing',
    next: 'Grant both to the container, so that the server cannot read the files of root.',
  });
}

function tlsChecks(files: RunOptions['tls']): Check[] {
  if (files === undefined) return [ok('tls', 'Not used')];
  const { warnings } = readTls(files);
  if (warnings.length === 0) return [ok('tls', `The certificate in ${files.cert} and its key can be used`)];
  return warnings.map((text) => {
    // Each ends with a sentence that says what to do.
    const end = text.lastIndexOf('. ');
    return warn('tls', { problem: text.slice(0, end), next: text.slice(end + 2) });
  });
}
