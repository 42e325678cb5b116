/** Runs an action on a file that another process may delete; returns undefined if it is gone. */
export function ifPresent<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
