import { RULE_ACTIONS, type RuleAction } from '@packetlog/common';
import { ACTION_TEXT, RULE_VERDICT } from '../../../text/action-text.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import type { Segment } from '../../../ui/segments.tsx';

/** Segments to choose an action, each with its mark and explanation. */
export function actionSegments<T extends RuleAction>(actions: readonly T[]): Segment<T>[] {
  return actions.map((action) => ({
    value: action,
    title: ACTION_TEXT[action],
    label: (
      <>
        <VerdictMark verdict={RULE_VERDICT[action]} />
        {action}
      </>
    ),
  }));
}

/** A limit of a set is added in the form, which has its rate. */
export const SET_ACTIONS = actionSegments(['permit', 'deny', 'observe'] as const);
export const ALL_ACTIONS = actionSegments(RULE_ACTIONS);
