// @ts-check
/** The targets of packages/common and packages/loader (test/support/fuzz-targets.ts), slowest first. */
export const TARGET_NAMES = [
  'filter',
  'lists',
  'protocol',
  'capture-file',
  'rules-file',
  'ipc',
  'control',
  'codec',
  'batch-header',
  'places',
  'segments',
];
