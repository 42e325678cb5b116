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
];
