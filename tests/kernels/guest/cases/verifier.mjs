// @ts-check
/** What each program costs the verifier; the host compares it with verifier.json. */
export const promises = ['instructions, stack'];
/** @type {readonly string[]} */
export const modules = [];

/** @param {import('../lab/lab.mjs').Lab} lab */
export async function run(lab) {
  // Not at the top: the host reads `promises`, and has no use for the native code.
  const { costs } = await import('../lab/verifier.mjs');
  lab.facts('instructions, stack', { programs: costs() });
}
