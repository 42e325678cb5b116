import { watch } from 'node:fs';

const QUIET_MS = 200;

/**
 * Calls back once the files have been quiet for a moment after a change; a change during the call leads to one more.
 * @param {readonly string[]} directories watched with all below them
 * @param {RegExp} names of files that matter
 * @param {() => Promise<void>} changed
 * @returns {() => void} ends it
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
