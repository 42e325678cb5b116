/**
 * Words that visible text must not use, the word to use instead, and the reason: one word per concept.
 *
 * @typedef {{ not: RegExp, use: string, why: string }} WordRule
 * @typedef {{ text: RegExp, why: string }} WordException
 */

/** @type {readonly WordRule[]} */
export const WORD_RULES = [
  {
    not: /\brefus(e|es|ed|ing|al|als)\b/i,
    use: 'denied, or rejected',
    why: 'A rule denies a packet; the loader rejects a request, a connection or a value.',
  },
  { not: /\bdrop(s|ped|ping)? out\b/i, use: 'denied', why: 'A rule denies a packet.' },
  {
    not: /\b(let|lets|letting) ((it|them|you|this|these|packets|traffic) )?in\b|\b(passed|passes|handed|hands) on\b/i,
    use: 'permit, permitted',
    why: 'A rule permits a packet.',
  },
  { not: /\bnot done\b/i, use: 'rejected', why: 'The loader rejects a request.' },
  {
    not: /\b(shut|shuts|shutting) ((yourself|you|them) )?out\b|\b(cut|cuts|cutting) (yourself|you|them) off\b/i,
    use: 'lock out, lockout guard',
    why: 'An operator who loses access is locked out.',
  },
  {
    not: /\brehears(e|es|ed|ing|al|als)\b/i,
    use: 'dry run',
    why: 'Rules tried on traffic without enforcing are a dry run.',
  },
  {
    not: /\b(take|takes|taken|taking|took) ((itself|themselves|it|them) )?back\b/i,
    use: 'reverts; undo for a past change',
    why: 'A risky change that is not confirmed reverts.',
  },
  { not: /\bwho(m|ever)? no rule\b/i, use: 'default policy', why: 'What a packet gets when no rule matches.' },
  {
    not: /\bdropped\b|\bnot arrived\b/i,
    use: 'lost, with the cause; denied if a rule did it',
    why: 'Missing because something was full or slow is lost: ring full, queue full, client too slow.',
  },
  { not: /\bnot (sent|kept)\b/i, use: 'withheld', why: 'Not sent because of a row limit or a pause.' },
  { not: /\b(nobody|no one) asked\b/i, use: 'not requested', why: 'Not sent because no client asked for rows.' },
  { not: /\b(leave|leaves|leaving|left) out\b/i, use: 'filtered, or excluded', why: 'Excluded by the filter.' },
  { not: /\bbecause of the filter\b/i, use: 'not recorded', why: 'What --count-only does not record.' },
  { not: /\bemit(s|ted|ting)?\b|\bgot (a|its|their) rows?\b/i, use: 'recorded', why: 'Written to a ring.' },
  { not: /\bfor good\b|\bends in (…|\d|an?\b|one\b)/i, use: 'no expiry, expires in', why: 'How long a rule lasts.' },
  {
    not: /\bways? of (a|the|each|every|its|this) packets?\b/i,
    use: 'Packet path',
    why: 'The picture of hops and losses.',
  },
  { not: /\baccounts?\b(?! for)/i, use: 'ledger, or Packet path', why: 'The sums that must add up are a ledger.' },
  {
    not: /\b(may|can) (only )?look\b|\blook,? not change\b/i,
    use: 'read-only',
    why: 'A connection that cannot change rules.',
  },
  { not: /^Together\b|\bTogether$/, use: 'All nodes', why: 'All loaders in one view.' },
  {
    not: /\b(nobody|somebody|everybody|anybody|whoever|anew)\b/i,
    use: 'the noun: client, operator, process, packet; again',
    why: 'A placeholder makes the reader guess who or what is meant.',
  },
  {
    not: /\bso (many|much|long|often)\b/i,
    use: 'the number, the size, the time',
    why: 'It stands for a number that the text can state.',
  },
];

/** Texts that may use such a word. */
/** @type {readonly WordException[]} */
export const WORD_EXCEPTIONS = [];
