/**
 * The layouts that scripts/check/layout.mjs holds: one entry for each tree of sources.
 *
 * `rooms` says what each room may import beside itself. A room is a folder below `root`; in its pattern `*` stands for
 * one folder name, and the longest pattern that fits a file names its room. What a room may import are patterns too: a
 * folder with all that is in it, or one file, such as the index of each feature. A file in no room is a fault.
 *
 * In every tree: no folder has more than `maxFiles` sources (tests apart), folders do not import each other in a circle,
 * no two sources have the same name (an index, the names in `sameNames` and a style sheet beside its component apart),
 * and only tests import what is outside `root`, such as test/support.
 *
 * @typedef {{
 *   root: string,
 *   rooms: Readonly<Record<string, readonly string[]>>,
 *   maxFiles?: number,
 *   sameNames?: readonly string[],
 * }} Layout
 */

/** @type {readonly Layout[]} */
export const LAYOUTS = [
  {
    root: 'apps/dashboard/src',
    rooms: {
      text: [],
      ui: ['text'],
      node: ['text'],
      'features/*': ['text', 'ui', 'node', 'features/*/index.ts'],
      // Puts the features together, so it may reach into them.
      app: ['text', 'ui', 'node', 'features'],
    },
    // Names that Next.js gives a meaning to.
    sameNames: ['page', 'layout'],
  },
  {
    root: 'packages/loader/src',
    rooms: {
      // Foundations.
      'mutex.ts': [],
      'token-bucket.ts': [],
      errors: [],
      print: [],
      // Where the two halves meet: messages and memory that both use.
      ipc: ['errors'],
      // The core: what the kernel's capabilities are for. It does not import the server.
      native: ['errors'],
      system: ['native', 'errors'],
      rings: [],
      transports: ['rings', 'system', 'native', 'ipc', 'errors'],
      xdp: ['transports', 'system', 'native', 'ipc', 'errors'],
      summary: [],
      reader: ['summary', 'xdp', 'transports', 'rings', 'system', 'native', 'ipc', 'errors', 'token-bucket.ts'],
      rules: ['xdp', 'system', 'native', 'ipc', 'errors', 'mutex.ts'],
      // The server: what the network reaches. It does not import the core.
      history: ['ipc'],
      enrichment: ['errors'],
      server: ['history', 'enrichment', 'ipc', 'errors', 'token-bucket.ts'],
      // Starts both halves.
      demo: ['native', 'errors'],
      cli: ['demo', 'print', 'server', 'enrichment', 'rules', 'reader', 'transports', 'xdp', 'system', 'ipc', 'errors'],
      'index.ts': ['errors'],
    },
  },
  {
    root: 'packages/common/src',
    rooms: {
      address: [],
      history: [],
      record: ['address'],
      names: ['record'],
      export: ['record'],
      rules: ['record', 'address'],
      filter: ['rules', 'names', 'record', 'address'],
      protocol: ['filter', 'rules', 'record', 'history'],
      batch: ['protocol', 'record'],
      explain: ['filter', 'names', 'record', 'address'],
      'index.ts': [
        'address',
        'batch',
        'explain',
        'export',
        'filter',
        'history',
        'names',
        'protocol',
        'record',
        'rules',
      ],
    },
  },
];
