/** A frame of a capture file, as its reader returns it. */

export interface CaptureInterface {
  /** Undefined: the file does not name it. */
  readonly name: string | undefined;
  /** LINKTYPE_* number: what its frames begin with. */
  readonly linkType: number;
}

export interface CapturedFrame {
  /** The captured bytes; the beginning of the frame if it was cut. Valid until the reader gets more bytes. */
  readonly bytes: Uint8Array;
  /** Length of the whole frame. */
  readonly length: number;
  /** Nanoseconds since 1970 (UTC). */
  readonly timestampNs: bigint;
  readonly interface: CaptureInterface;
  /** The file says that the capturing machine sent the frame. */
  readonly isOutgoing: boolean;
}

/** Returns frames as the bytes of a file arrive. */
export interface FrameParser {
  /** Returns the next frame; undefined: it needs more bytes. Throws CaptureFileError. */
  next(): CapturedFrame | undefined;
}

/** Captured bytes of the longest frame that a file may contain: the limit of libpcap (MAXIMUM_SNAPLEN). */
export const MAX_FRAME_BYTES = 262_144;

/** A capture file that cannot be read. `message`: a clause without a period. */
export class CaptureFileError extends Error {
  override readonly name = 'CaptureFileError';
}

/** Returns the error for a file that is malformed at a byte. */
export function damaged(problem: string, offset: number): CaptureFileError {
  return new CaptureFileError(`the file is damaged: ${problem} at byte ${offset}`);
}
