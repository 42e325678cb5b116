/** Answers as encoded JSON text: its length is known while the answer is queued, and many clients can share it. */
import { Decoder, Encoder, type Packet, PacketType } from 'socket.io-parser';

export class EncodedAnswer {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  static of(answer: unknown): EncodedAnswer {
    return answer instanceof EncodedAnswer ? answer : new EncodedAnswer(JSON.stringify(answer));
  }
}

class AnswerEncoder extends Encoder {
  override encode(packet: Packet): ReturnType<Encoder['encode']> {
    const data: unknown = packet.data;
    const [answer] = Array.isArray(data) ? data : [];
    if (packet.type !== PacketType.ACK || !(answer instanceof EncodedAnswer)) return super.encode(packet);
    const namespace = packet.nsp === '/' ? '' : `${packet.nsp},`;
    return [`${PacketType.ACK}${namespace}${packet.id ?? ''}[${answer.json}]`];
  }
}

/** Value for socket.io's `parser` option. */
export const answerParser = { Encoder: AnswerEncoder, Decoder };
