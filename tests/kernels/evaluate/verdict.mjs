// @ts-check
import { evaluateCapture } from './capture.mjs';
import { mayLack } from './optional-modules.mjs';
import { evaluateReplay } from './replay.mjs';
import { evaluateVerifier } from './verifier.mjs';

/** @typedef {{ cell: string, problems: string[] }} Verdict */

/**
 * Returns the verdict on a promise. A promise fails without a check, or if the kernel lacks a module that it should
 * have.
 * @param {import('./run.mjs').Run} run @param {string} name of the case @param {string} promise @returns {Verdict}
 */
export function verdictOf(run, name, promise) {
  const seen = run.cases.get(name);
  if (seen === undefined) return { cell: 'FAILED', problems: ['the case did not run'] };
  if (seen.guestOnly) return { cell: 'in a guest only', problems: [] };
  if (seen.lacks.length > 0) {
    const wanted = seen.lacks.filter((module) => !mayLack(run.kernel, module));
    if (wanted.length === 0) return { cell: `no ${seen.lacks.join(', ')}`, problems: [] };
    return { cell: 'FAILED', problems: [`the kernel should have the module ${wanted.join(', ')}`] };
  }
  const checks = seen.checks.filter((check) => check.promise === promise);
  const problems = checks.flatMap(({ what, is, should }) =>
    JSON.stringify(is) === JSON.stringify(should)
      ? []
      : [`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`],
  );
  const whole = seen.facts.filter((facts) => facts.promise === promise).map((each) => evaluate(name, each, run.kernel));
  problems.push(...whole.flatMap((each) => each.problems));
  if (checks.length + whole.length === 0) problems.push('no check was made');
  return problems.length > 0
    ? { cell: 'FAILED', problems }
    : { cell: whole[0]?.cell ?? checks[0]?.cell ?? 'yes', problems };
}

/** @param {string} name of the case @param {import('./run.mjs').Facts} facts @param {string} kernel @returns {Verdict} */
function evaluate(name, facts, kernel) {
  if (name === 'verifier') return evaluateVerifier(facts.facts, kernel);
  return name === 'replay' ? evaluateReplay(facts.facts) : evaluateCapture(facts, kernel);
}
