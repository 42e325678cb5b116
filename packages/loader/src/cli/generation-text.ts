/** The rules of the fleet on a node, as a line of `packetlog status`. */
import type { NodeRules } from '@packetlog/common/fleet';

/** Returns 'generation 5 of web in force; drift: rule deny 203.0.113.7 is missing; generation 6 rejected (lockout)'. */
export function generationText({ generation, answer, drift = [] }: NodeRules): string {
  const inForce = generation === undefined ? 'no generation' : `generation ${generation.number} of ${generation.group}`;
  const [first] = drift;
  const others = drift.length > 1 ? `, and ${drift.length - 1} more` : '';
  return [
    generation === undefined ? inForce : `${inForce} in force`,
    ...(first === undefined ? [] : [`drift: ${first}${others}`]),
    ...answerText(answer),
  ].join('; ');
}

function answerText(answer: NodeRules['answer']): string[] {
  if (answer === undefined || answer.state === 'in_force') return [];
  const { number, state, code, pending_until_ms } = answer;
  if (state === 'waiting') {
    const what = pending_until_ms === undefined ? 'waits' : 'waits for the hub to confirm it';
    return [`generation ${number} ${what}`];
  }
  return [`generation ${number} ${state}${code === undefined ? '' : ` (${code})`}`];
}
