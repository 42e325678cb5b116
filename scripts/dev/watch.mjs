import { watch } from 'node:fs';

const QUIET_MS = 200;

/**
 * Calls `changed` when no file has changed for a moment after a change. A change during the call causes another call.
 * @param {readonly string[]} directories watched recursively
 * @param {RegExp} names of the files to watch
 * @param {() => Promise<void>} changed
 * @returns {() => void} stops watching
 */
export function onChange(directories, names, changed) {
  /** @type {NodeJS.Timeout | undefined} */
  let quiet;
  let running = false;
  let again = false;

  const fire = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    do {
      again = false;
      await changed();
    } while (again);
    running = false;
  };

  const watchers = directories.map((directory) =>
    watch(directory, { recursive: true }, (_event, name) => {
      if (name === null || !names.test(name)) return;
      clearTimeout(quiet);
      quiet = setTimeout(fire, QUIET_MS);
    }),
  );
  return () => {
    clearTimeout(quiet);
    for (const watcher of watchers) watcher.close();
  };
}
