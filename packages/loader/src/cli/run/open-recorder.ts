/** Starts the recorder of a run. */
import { join } from 'node:path';
import { formatDuration, type Hello, type Notice } from '@packetlog/common';
import type { Logger } from 'pino';
import { Recorder, type RecorderRoom } from '../../recorder/recorder.ts';
import type { RecordOptions } from '../options/record-options.ts';
import { say } from '../process/say.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Name of the recorder's directory in the state directory. */
export const RECORD_DIRECTORY = 'record';

/** Returns the directory of the segments. */
export function recordDirectoryOf({ directory }: RecordOptions, stateDirectory: string): string {
  return directory ?? join(stateDirectory, RECORD_DIRECTORY);
}

export function openRecorder(
  options: RecordOptions,
  stateDirectory: string,
  { node, version }: Pick<Hello, 'node' | 'version'>,
  notice: (notice: Notice) => void,
  log: Logger,
): Recorder {
  const settings = { ...options, node, directory: recordDirectoryOf(options, stateDirectory) };
  return new Recorder(settings, version, {
    notice,
    opened: (room) => {
      if (room.maxBytes > 0) say(roomText(settings.directory, room, Date.now()));
    },
    failed: (error) => {
      log.error({ err: error }, 'the recorder failed');
      const message = `The recorder ended: ${error.message}. Packets are shown and decided as before, but no longer recorded; restart packetlog.`;
      notice({ at_ms: Date.now(), level: 'error', code: 'recording_stopped', message });
    },
  });
}

/** Bytes of a packet in a segment, about. */
const PACKET_BYTES = 9.5;
const MILLION = 1e6;

/** Says how much room there is, and how far back the packets reach. */
export function roomText(directory: string, { bytes, maxBytes, oldestMs }: RecorderRoom, nowMs: number): string {
  const size = (value: number) => (value >= GIB ? `${(value / GIB).toFixed(1)} GiB` : `${Math.ceil(value / MIB)} MiB`);
  const packets = Math.round(maxBytes / PACKET_BYTES / MILLION);
  const room = `Recording to ${directory}: room for about ${packets} million packets (${size(maxBytes)})`;
  if (oldestMs === 0) return room;
  return `${room}, ${size(bytes)} used, back to ${formatDuration(Math.max(0, nowMs - oldestMs))} ago`;
}
