import type { RecorderLedger } from '@packetlog/common';
import { agoText } from '../../text/clock.ts';
import { counted, formatBytes, formatCount, quantityText } from '../../text/number.ts';

/** Says what is kept on the disk, and what is missing. `atMs`: the time of the ledger. */
export function recorderSentence(recorder: RecorderLedger, atMs: number): string {
  const { recorded, sampled, lost, bytes, oldest_ms, recording } = recorder;
  const kept =
    oldest_ms === 0
      ? 'nothing is kept yet'
      : `${quantityText(formatBytes(bytes))} kept, the oldest packet from ${agoText(Math.max(0, atMs - oldest_ms))}`;
  const counts = [
    `${counted(recorded, 'packet')} since the loader started`,
    ...(sampled > 0 ? [`${formatCount(sampled)} sampled out`] : []),
    ...(lost > 0 ? [`${formatCount(lost)} lost, because the disk was full, slow or gone`] : []),
  ];
  const state = recording ? 'Recorded on the disk' : 'Not recording: the disk accepts no packets. Recorded before';
  return `${state}: ${counts.join(', ')}; ${kept}.`;
}
