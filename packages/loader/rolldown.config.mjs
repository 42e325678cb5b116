/**
 * Bundles the programs of this package, because loading some 600 modules takes longer than everything else at the start.
 * CommonJS: an ES module that imports node:http makes Node.js load every export of it, among them the whole of undici.
 */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = fileURLToPath(new URL('.', import.meta.url));
const DIST = join(PACKAGE, 'dist');
const BUNDLE = join(DIST, 'bundle');
/** Started by path: the command, the threads, and the hosts of the demo. */
const ENTRIES = [
  'cli/main',
  'reader/thread',
  'recorder/recorder-thread',
  'past/past-thread',
  'fleet/ship/ship-thread',
  'rules/compiler/worker/compile-thread',
  'demo/actor',
];
const FILE = /\bnew URL\('([^']+)', import\.meta\.url\)/g;

export default [
  {
    input: Object.fromEntries(ENTRIES.map((entry) => [entry, join(DIST, `${entry}.js`)])),
    platform: 'node',
    // It looks for its addon beside itself.
    external: ['ffi-rs'],
    plugins: [keepFileUrls(), toAscii()],
    output: {
      dir: BUNDLE,
      cleanDir: true,
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: 'chunks/[name]-[hash].cjs',
      comments: false,
    },
  },
  // The server process in one file: it is started without access to any other.
  {
    input: join(DIST, 'server/process/server-main.js'),
    platform: 'node',
    plugins: [toAscii()],
    output: { file: join(DIST, 'server-process.cjs'), format: 'cjs', codeSplitting: false, comments: false },
  },
];

/**
 * Returns the path that a bundle uses for `target`, which the module `id` names.
 * @param {string} target
 * @param {string} id
 */
function placeOf(target, id) {
  const entry = ENTRIES.find((each) => target === join(DIST, `${each}.js`));
  if (entry !== undefined) return join(BUNDLE, `${entry}.cjs`);
  // Another package of the workspace: beside this one here, but below node_modules where it is installed.
  if (!id.startsWith(PACKAGE)) return join(PACKAGE, 'node_modules/@packetlog', relative(dirname(PACKAGE), target));
  return target;
}

/**
 * Keeps `new URL('file', import.meta.url)` pointing at the same file, or at its bundle if the file is one of ENTRIES.
 * @returns {import('rolldown').Plugin}
 */
function keepFileUrls() {
  return {
    name: 'keep-file-urls',
    transform(code, id) {
      if (!id.startsWith('/') || !code.includes('import.meta.url')) return null;
      const replaced = code.replace(FILE, (_, /** @type {string} */ file) => {
        return `__FILE_URL__(${JSON.stringify(placeOf(join(dirname(id), file), id))})`;
      });
      if (replaced.includes('import.meta.url')) throw new Error(`${id}: write new URL('a literal', import.meta.url)`);
      return replaced;
    },
    renderChunk(code, { fileName }) {
      const directory = join(BUNDLE, dirname(fileName));
      return code.replace(/__FILE_URL__\("([^"]+)"\)/g, (_, /** @type {string} */ target) => {
        const path = JSON.stringify(relative(directory, target));
        return `require('node:url').pathToFileURL(require('node:path').join(__dirname, ${path}))`;
      });
    },
  };
}

/**
 * Writes characters outside ASCII as escapes: with one of them, V8 keeps the whole source at two bytes a character.
 * @returns {import('rolldown').Plugin}
 */
function toAscii() {
  return {
    name: 'to-ascii',
    // Not renderChunk: its result is printed again, without escapes.
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk') file.code = file.code.replace(/[^\0-\x7f]/g, escapeOf);
      }
    },
  };
}

/** @param {string} unit one UTF-16 code unit */
const escapeOf = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
