/** The command to add a rule, the same on every page; other pages open the Rules page first. */
export const ADD_RULE = {
  keys: ['a'],
  name: 'Add a rule…',
  group: 'Rules',
  keywords: 'new deny permit observe block',
} as const;
