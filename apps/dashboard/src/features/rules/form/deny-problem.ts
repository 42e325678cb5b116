import type { PacketLogView } from '@packetlog/common';
import type { PacketRow } from '../../../text/row-text.ts';
import { HOW_TO_CHANGE } from '../change/rejection-text.ts';
import { packetSource } from './deny-choice.ts';

/**
 * Returns why the source of a packet cannot be denied from here; '' if it can. `enforces`: whether the loader enforces
 * rules.
 */
export function denyProblem(
  packet: { readonly view: PacketLogView; readonly index: number; readonly row: PacketRow },
  {
    isAllNodes,
    enforces,
    mayChange,
  }: { readonly isAllNodes: boolean; readonly enforces: boolean; readonly mayChange: boolean },
): string {
  if (packetSource(packet.view, packet.index, packet.row) === null) {
    return 'No address could be read from this frame, so no rule can match it.';
  }
  if (isAllNodes) return 'Each node has its own rules: select a node above, then deny the source there.';
  if (!enforces) return 'This loader only observes: it enforces no rules.';
  return mayChange ? '' : `This connection is read-only. ${HOW_TO_CHANGE}`;
}
