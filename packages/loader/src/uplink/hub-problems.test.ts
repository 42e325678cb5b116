import { expect, it } from 'vitest';
import { WrongCertificate } from './hub-agent.ts';
import { connectionProblem } from './hub-problems.ts';

const coded = (code: string) => Object.assign(new Error(code), { code });

it.each([
  [coded('ECONNREFUSED'), 'nothing listens there. Start the hub (packetlog hub), or correct the port in --hub.'],
  [Object.assign(new Error('websocket error'), { description: { error: coded('ENOTFOUND') } }), /^no such host/],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), /--hub-ca, or the certificate with --hub-fingerprint\.$/],
  [new WrongCertificate('ab'), /^its TLS certificate is sha256\/ab, which --hub-fingerprint does not name\./],
  [new Error('Unexpected server response: 404'), 'it answered with HTTP status 404. Check that --hub names a hub.'],
  [new Error('something new'), 'something new. Check that it is a hub, and its log.'],
  ['text', /^text\./],
])('%s: tells the next step', (error, text) => {
  expect(connectionProblem(error)).toMatch(text);
});
