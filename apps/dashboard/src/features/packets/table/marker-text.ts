import type { Marker } from '../../../node/rows/marker.ts';
import { spanText } from '../../../text/clock.ts';
import { counted } from '../../../text/number.ts';

/** Returns the text of a marker in the table. */
export function markerSentence({ kind, rows, span_ms }: Marker): string {
  switch (kind) {
    case 'lost':
      return rows === 0 ? 'Rows were lost here' : `${counted(rows, 'row')} ${rows === 1 ? 'was' : 'were'} lost here`;
    case 'paused':
      return `Paused for ${spanText(span_ms)}: ${counted(rows, 'row')} withheld`;
    case 'disconnected':
      return `Not connected for ${spanText(span_ms)}: packets of that time are not shown`;
    case 'restarted':
      return 'The loader was restarted: its counters began at 0';
    case 'filtered':
      return 'The filter changed here: older rows match the previous filter as well';
  }
}
