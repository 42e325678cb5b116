/**
 * The layouts that scripts/check/layout.mjs checks: one entry for each source tree.
 *
 * `rooms` lists what each room may import besides itself. A room is a folder below `root`; in its pattern `*` matches
 * one folder name, and the longest pattern that matches a file is its room. A room may import patterns, too: a folder
 * with its contents, or one file, such as the index of each feature. A file in no room is a fault.
 *
 * In every tree: no folder has more than `maxFiles` sources (not counting tests), folders do not import each other in a
 * cycle, no two sources have the same name (except an index, the names in `sameNames`, and a style sheet beside its
 * component), and only tests import files outside `root`, such as test/support.
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
      // Assembles the features, so it may import their files.
      app: ['text', 'ui', 'node', 'features'],
    },
    // File names that Next.js reserves.
    sameNames: ['page', 'layout'],
  },
  {
    root: 'packages/loader/src',
    rooms: {
      // Foundations.
      'collect-garbage.ts': [],
      'free-bytes.ts': [],
      'line-limit.ts': [],
      'mutex.ts': [],
      'token-bucket.ts': [],
      'write-all.ts': [],
      errors: [],
      print: [],
      // Segment files: the core writes them, the server and commands read them.
      'recorder/format': ['free-bytes.ts', 'write-all.ts'],
      // Messages and shared memory that both halves use.
      ipc: ['free-bytes.ts', 'errors'],
      // The recorder's thread, and the main thread's handle on it.
      'recorder/writer': ['recorder/format', 'ipc', 'write-all.ts'],
      recorder: ['recorder/writer', 'recorder/format', 'ipc', 'system', 'collect-garbage.ts'],
      // The core: everything that needs capabilities. It does not import the server.
      native: ['errors'],
      system: ['native', 'errors'],
      rings: [],
      transports: ['rings', 'system', 'native', 'ipc', 'errors'],
      xdp: ['transports', 'system', 'native', 'ipc', 'errors'],
      summary: [],
      reader: [
        'summary',
        'xdp',
        'transports',
        'rings',
        'system',
        'native',
        'ipc',
        'errors',
        'token-bucket.ts',
        'collect-garbage.ts',
      ],
      'deny-log': ['reader/loss-alarm.ts'],
      rules: ['xdp', 'system', 'native', 'ipc', 'errors', 'mutex.ts', 'write-all.ts'],
      // Decides about bans; they are enforced as rules.
      bans: ['rules', 'ipc', 'mutex.ts'],
      // Reads recorded packets, for commands and for questions of clients; its thread answers them.
      'past/reading': ['recorder/format'],
      'past/answers': ['past/reading', 'enrichment', 'recorder/format'],
      past: [
        'past/answers',
        'past/reading',
        'past-dry-run',
        'enrichment',
        'rules',
        'ipc',
        'system',
        'errors',
        'collect-garbage.ts',
        'mutex.ts',
      ],
      // Evaluates recorded packets with rules that were not in force.
      'past-dry-run': ['past/reading', 'rules', 'xdp/limits/bucket-text.ts', 'recorder/format'],
      // Reads capture files, and runs their frames through the program and the rules.
      'capture-file': [],
      replay: ['capture-file', 'rules', 'xdp', 'system', 'native', 'ipc', 'errors'],
      // Decides when alerts fire, and what is sent to whom and when.
      alerts: ['rules/store', 'system', 'ipc', 'errors'],
      // Starts the server process, and answers it.
      supervisor: ['native', 'ipc', 'errors', 'line-limit.ts'],
      // The server: everything that the network reaches. It does not import the core.
      history: ['ipc'],
      // Sums of the packets that match a filter.
      live: ['history', 'summary', 'ipc'],
      enrichment: ['system/listening-sockets.ts', 'ipc', 'errors'],
      server: [
        'history',
        'live',
        'enrichment',
        'system/resident-memory.ts',
        'ipc',
        'errors',
        'line-limit.ts',
        'token-bucket.ts',
        'collect-garbage.ts',
      ],
      // Starts the server, and connects it with the core and with hubs.
      'server/process': [
        'server',
        'uplink',
        'enrichment',
        'system/resident-memory.ts',
        'ipc',
        'errors',
        'line-limit.ts',
        'collect-garbage.ts',
      ],
      // Becomes the core after it has done what needs root.
      launch: ['rules', 'xdp', 'supervisor', 'system', 'native', 'ipc', 'errors'],
      // Of the server: its connection to hubs, which it dials.
      uplink: ['server', 'ipc', 'errors', 'line-limit.ts'],
      // Of the core: the node's key, generations of rules, blocks for the history.
      fleet: ['rules', 'recorder/format', 'system', 'ipc', 'errors', 'collect-garbage.ts', 'write-all.ts', 'mutex.ts'],
      // Starts both halves.
      demo: ['native', 'errors'],
      // Judges both halves before they start.
      doctor: ['server', 'enrichment', 'rules', 'reader', 'transports', 'xdp', 'system', 'native', 'ipc', 'errors'],
      cli: [
        'alerts',
        'bans',
        'fleet',
        'doctor',
        'demo',
        'launch',
        'print',
        'deny-log',
        'replay',
        'capture-file',
        'past-dry-run',
        'past',
        'recorder/format',
        'recorder',
        'supervisor',
        'server',
        'enrichment',
        'rules',
        'reader',
        'transports',
        'xdp',
        'system',
        'ipc',
        'errors',
        'line-limit.ts',
        'collect-garbage.ts',
        'write-all.ts',
      ],
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
      segments: ['record', 'address', 'history'],
      filter: ['segments', 'rules', 'names', 'record', 'address'],
      past: ['filter', 'history', 'rules', 'address'],
      alerts: ['filter', 'rules'],
      live: ['filter', 'history', 'past'],
      findings: ['record', 'address'],
      defence: ['rules', 'record', 'address'],
      protocol: ['filter', 'rules', 'record', 'history', 'past', 'live', 'findings', 'defence'],
      batch: ['protocol', 'record'],
      // Exported apart: the page of a single loader does not load it.
      fleet: ['protocol', 'past', 'rules', 'segments', 'record'],
      explain: ['filter', 'names', 'record', 'address'],
      'index.ts': [
        'address',
        'alerts',
        'batch',
        'defence',
        'explain',
        'export',
        'filter',
        'findings',
        'history',
        'live',
        'names',
        'past',
        'protocol',
        'record',
        'rules',
        'segments',
      ],
    },
  },
  {
    root: 'packages/hub/src',
    rooms: {
      // Files, or NATS.
      state: [],
      // Handlers of requests, and who may make them.
      requests: ['state'],
      // Keys of hub and nodes, join tokens, people.
      identity: ['requests', 'state'],
      // Connections of nodes, and what they report.
      nodes: ['identity', 'requests', 'state'],
      // Groups, generations and their way to the nodes.
      rules: ['nodes', 'identity', 'requests', 'state'],
      // Connections of people to single nodes.
      relay: ['nodes', 'identity', 'requests'],
      // Blocks of recorded packets for ClickHouse, and questions about them.
      history: ['nodes', 'requests', 'state'],
      // Connections of people.
      people: ['nodes', 'rules', 'relay', 'history', 'identity', 'requests', 'state'],
      'hub.ts': ['people', 'nodes', 'rules', 'relay', 'history', 'identity', 'requests', 'state'],
      'index.ts': ['hub.ts', 'people', 'nodes', 'rules', 'relay', 'history', 'identity', 'requests', 'state'],
    },
  },
];
