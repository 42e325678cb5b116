/** One packet as the detector passes it on: the same object for each, so that nothing is allocated. */
export class ObservedPacket {
  /** Time of the record, Unix time in ms. */
  atMs = 0;
  weight = 1;
  length = 0;
  port = 0;
  /** Words of the source as they lie in the record; of an IPv6 address, the last two are 0 (its network of 64 bits). */
  readonly source = new Int32Array(4);
  readonly destination = new Int32Array(4);
  /** Two hashes each. */
  sourceX = 0;
  sourceY = 0;
  destinationX = 0;
  destinationY = 0;
  /** The source completed a connection lately. */
  isKnown = false;
  /** A SYN that repeats one of the same connection. */
  isRepeated = false;
  /** Whether every completed connection is noticed: no sampling, and not too many SYN. */
  isCertain = true;
}
