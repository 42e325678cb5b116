/** The same command on every page: elsewhere it leads to the rules first. */
export const ADD_RULE = {
  keys: ['a'],
  name: 'Add a rule…',
  group: 'Rules',
  keywords: 'new deny permit observe block',
} as const;
