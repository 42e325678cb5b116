import { formatAddress, type Network } from '@packetlog/common';

/** The networks of a named set in packed form, in any order, possibly with duplicates. */
export interface AddressList {
  /** First address of each IPv4 network, in host order, and its prefix length, 0 to 32. */
  readonly ipv4: { readonly starts: Uint32Array; readonly bits: Uint8Array };
  /** First address of each IPv6 network as four words in host order, and its prefix length, 0 to 128. */
  readonly ipv6: { readonly words: Uint32Array; readonly bits: Uint8Array };
}

/** A list without networks. */
export const EMPTY_ADDRESS_LIST: AddressList = {
  ipv4: { starts: new Uint32Array(0), bits: new Uint8Array(0) },
  ipv6: { words: new Uint32Array(0), bits: new Uint8Array(0) },
};

export function addressListLength({ ipv4, ipv6 }: AddressList): number {
  return ipv4.bits.length + ipv6.bits.length;
}

/**
 * Formats one network per line in canonical form, IPv4 first, each family in list order; single addresses have no
 * `/32`.
 */
export function formatAddressList({ ipv4, ipv6 }: AddressList): string {
  const lines: string[] = [];
  ipv4.bits.forEach((bits, i) => {
    const start = ipv4.starts[i] as number;
    const address = `${start >>> 24}.${(start >>> 16) & 255}.${(start >>> 8) & 255}.${start & 255}`;
    lines.push(bits === 32 ? address : `${address}/${bits}`);
  });
  const view = new DataView(new ArrayBuffer(16));
  const bytes = new Uint8Array(view.buffer);
  ipv6.bits.forEach((bits, i) => {
    for (let word = 0; word < 4; word++) view.setUint32(4 * word, ipv6.words[4 * i + word] as number);
    lines.push(bits === 128 ? formatAddress(bytes) : `${formatAddress(bytes)}/${bits}`);
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** Builds an address list incrementally. */
export class AddressListBuilder {
  #starts: Uint32Array;
  #bits4: Uint8Array;
  #count4 = 0;
  #words: Uint32Array;
  #bits6: Uint8Array;
  #count6 = 0;

  /** @param expected number of networks, of either family */
  constructor(expected: number) {
    this.#starts = new Uint32Array(expected);
    this.#bits4 = new Uint8Array(expected);
    this.#words = new Uint32Array(64);
    this.#bits6 = new Uint8Array(16);
  }

  addIpv4(start: number, bits: number): void {
    if (this.#count4 === this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#bits4 = grown(this.#bits4);
    }
    this.#starts[this.#count4] = start;
    this.#bits4[this.#count4++] = bits;
  }

  addIpv6(words: ArrayLike<number>, bits: number): void {
    if (this.#count6 === this.#bits6.length) {
      this.#words = grown(this.#words, 4);
      this.#bits6 = grown(this.#bits6);
    }
    this.#words.set(words, 4 * this.#count6);
    this.#bits6[this.#count6++] = bits;
  }

  addNetwork({ family, bytes, bits }: Network): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (family === 4) this.addIpv4(view.getUint32(12), bits - 96);
    else
      this.addIpv6(
        [0, 4, 8, 12].map((at) => view.getUint32(at)),
        bits,
      );
  }

  /** Copies the arrays, so that the list holds no more memory than it needs. */
  finish(): AddressList {
    return {
      ipv4: { starts: this.#starts.slice(0, this.#count4), bits: this.#bits4.slice(0, this.#count4) },
      ipv6: { words: this.#words.slice(0, 4 * this.#count6), bits: this.#bits6.slice(0, this.#count6) },
    };
  }
}

/** Returns a copy with room for more than twice the networks. `words`: array elements per network. */
function grown<Data extends Uint8Array | Uint32Array>(data: Data, words = 1): Data {
  const length = 2 * data.length + 16 * words;
  const larger = (data instanceof Uint8Array ? new Uint8Array(length) : new Uint32Array(length)) as Data;
  larger.set(data);
  return larger;
}
