export { useMayChange, useRulesView } from './change/use-rules.ts';

/** Not part of the first load: loaded when a packet is to be denied. */
export const loadDenyProblem = () => import('./form/deny-problem.ts');
