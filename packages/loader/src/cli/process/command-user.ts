import { userInfo } from 'node:os';

/** Returns who became root to run this command, and the address from which that user is connected. */
export function commandUser(environment: NodeJS.ProcessEnv): { user: string; address: string | undefined } {
  return {
    user: environment['SUDO_USER'] ?? environment['DOAS_USER'] ?? accountName(),
    address: environment['SSH_CONNECTION']?.split(' ')[0],
  };
}

/** Returns the name of the account, or the uid if it has none. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
