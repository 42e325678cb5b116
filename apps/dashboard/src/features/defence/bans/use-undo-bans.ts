'use client';

import { useLive } from '../../../node/live-context.tsx';
import type { DefenceAnswers, DefenceRequests } from '../../../node/messages/defence-events.ts';
import { counted } from '../../../text/number.ts';
import { asSentence } from '../../../text/sentence.ts';
import { toasts } from '../../../ui/toast-store.ts';

/** Returns a function that ends bans and reports what it did. */
export function useUndoBans(): (request: DefenceRequests['bans:undo']) => Promise<void> {
  const { askDefence } = useLive();
  return async (request) => {
    const answer = await askDefence('bans:undo', request);
    if (answer.ok) toasts.show({ text: undoneText(answer.value), tone: 'done' });
    else toasts.show({ text: asSentence(answer.error.message), tone: 'problem' });
  };
}

/** Reports what was undone: '1 ban was ended. Rule 12 permits its source.' */
export function undoneText({ undone, permit_rules }: DefenceAnswers['bans:undo']): string {
  if (undone.length === 0) return 'No ban was ended: none of them is in force.';
  const ended = `${counted(undone.length, 'ban')} ${undone.length === 1 ? 'was' : 'were'} ended.`;
  const [first] = permit_rules;
  if (first === undefined) return ended;
  return permit_rules.length === 1
    ? `${ended} Rule ${first} permits the source.`
    : `${ended} ${permit_rules.length} rules permit the sources.`;
}
