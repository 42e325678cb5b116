export { useMayChange, useRuleActions, useRulesView } from './change/use-rules.ts';

export const loadDenySource = () => import('./form/deny-source.tsx');

/** The form of a new rule, with fields that are filled. */
export const loadRuleForm = () => import('./form/rule-form-sheet.tsx');
export type { FilledFields } from './form/rule-form.ts';

/** Not part of the first load: loaded when a packet is to be denied. */
export const loadDenyProblem = () => import('./form/deny-problem.ts');

/** Not part of the first load, either. */
export const loadEnforceSheet = () => import('./form/enforce-sheet.tsx');
export const loadLockoutSheet = () => import('./change/lockout-sheet.tsx');
export const loadReadOnlyNote = () => import('./change/read-only-note.tsx');

export const loadLearnSheet = () => import('./learn/learn-sheet.tsx');
