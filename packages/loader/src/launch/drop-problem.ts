/** Why the core that root starts cannot drop root's rights. */
import { isInUserNamespace } from '../errors/privilege.ts';
import { setprivPath } from '../supervisor/server-command.ts';
import { listed, missingToDrop, ownCapabilities } from '../system/capabilities.ts';
import { coreUser, type User } from '../system/service-user.ts';

/** Returns why, as a clause; undefined: it can. `user`: of the core. */
export function dropProblem(user: User | undefined = coreUser()): string | undefined {
  if (isInUserNamespace()) return 'this is a user namespace';
  if (user === undefined) return 'there is no system user packetlog, and uid 65533 belongs to another user';
  const missing = missingToDrop(ownCapabilities());
  if (missing.length > 0) return `${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`;
  if (!('execve' in process)) return 'this Node.js has no process.execve: use the one that packetlog installs';
  return hasSetpriv() ? undefined : 'setpriv(1) is missing: install util-linux';
}

function hasSetpriv(): boolean {
  try {
    setprivPath();
    return true;
  } catch {
    return false;
  }
}
