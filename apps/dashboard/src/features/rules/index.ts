export { useMayChange, useRulesView } from './change/use-rules.ts';

export const loadDenySource = () => import('./form/deny-source.tsx');

/** Not part of the first load: loaded when a packet is to be denied. */
export const loadDenyProblem = () => import('./form/deny-problem.ts');
