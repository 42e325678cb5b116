import type { ProtectedAddress, RulesError } from '@packetlog/common';
import { asSentence } from '../../../text/sentence.ts';

export interface RejectionText {
  readonly title: string;
  readonly sentence: string;
  /** Whether the change can be forced. */
  readonly mayForce: boolean;
}

const PROTECTED_TEXT: Record<ProtectedAddress['kind'], (address: string) => string> = {
  operator: (address) => `${address}, the address of this page or of another client that can change rules`,
  ssh_peer: (address) => `${address}, which has an open SSH session`,
  gateway: (address) => `${address}, the default gateway: nothing from outside this network would arrive`,
  dns: (address) => `${address}, a DNS server of this machine`,
  protect: (address) => `${address}, which is on the list of protected addresses`,
};

export function protectedText({ kind, address }: ProtectedAddress): string {
  return PROTECTED_TEXT[kind](address);
}

/** Describes why the loader rejected a request, and what to do. */
export function rejectionText(error: RulesError): RejectionText {
  switch (error.code) {
    case 'lockout':
      return {
        title: 'Rejected by the lockout guard.',
        sentence:
          error.protected === undefined
            ? asSentence(error.message)
            : `It would lock out ${protectedText(error.protected)}.`,
        mayForce: true,
      };
    case 'forbidden':
      return { title: 'This connection is read-only.', sentence: HOW_TO_CHANGE, mayForce: false };
    case 'untried':
      return { title: 'This limit was not tried.', sentence: untriedSentence(error.message), mayForce: false };
    case 'not_found':
      return { title: 'Not found.', sentence: asSentence(error.message), mayForce: false };
    case 'limit':
      return { title: 'Limit reached.', sentence: asSentence(error.message), mayForce: false };
    case 'unavailable':
      return { title: 'Rejected.', sentence: asSentence(error.message), mayForce: false };
    default:
      return { title: 'The loader rejected the change.', sentence: asSentence(error.message), mayForce: false };
  }
}

export const HOW_TO_CHANGE =
  'To change rules, open the URL with admin_token in it: the second URL that packetlog printed.';

/** The next steps of the command line are other ones: here they are buttons. */
function untriedSentence(message: string): string {
  const [why = message] = message.split(/\. Let it observe |, then: packetlog |\. To enforce it without: /);
  return `${asSentence(why)} A limit observes a minute of traffic, or has a dry run over recorded packets, before it is enforced.`;
}
