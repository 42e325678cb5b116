import { ACTIONS, type Decision, encodeBatch, type PacketLog, PacketLogBatch, REASONS } from '@packetlog/common';
import { type PacketRow, packetRow } from '../../../text/row-text.ts';

type Sample = Decision['samples'][number];

/** Returns the sample records of a decision as rows of the live table; those that cannot be read are missing. */
export function sampleRows(samples: readonly Sample[]): readonly PacketRow[] {
  return samples.flatMap((sample) => {
    const view = viewOf(sample);
    const name = sample['interface'];
    return view === null ? [] : [packetRow(view, 0, () => (typeof name === 'string' ? name : undefined))];
  });
}

function viewOf(sample: Sample): PacketLogBatch | null {
  try {
    // Every field is checked when it is encoded.
    const record = {
      ...sample,
      timestamp_ns: BigInt(String(sample['timestamp_ns'])),
      action: codeOf(ACTIONS, sample['action']),
      reason: codeOf(REASONS, sample['reason']),
    } as unknown as PacketLog;
    return PacketLogBatch.from(encodeBatch({}, [record]));
  } catch {
    return null;
  }
}

/** The name of a later version is an unknown code. */
function codeOf(codes: Readonly<Record<string, number>>, name: unknown): number {
  return codes[String(name)] ?? 255;
}
