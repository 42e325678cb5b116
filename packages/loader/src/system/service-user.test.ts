import { expect, it } from 'vitest';
import { serviceUserIn } from './service-user.ts';

const ROOT = 'root:x:0:0:root:/root:/bin/bash\n';

it.each([
  [`${ROOT}packetlog:x:990:990:PacketLog:/var/lib/packetlog:/usr/sbin/nologin\n`, 990],
  [`${ROOT}packetlog2:x:990:990::/:/bin/sh\n`, undefined],
  [`${ROOT}packetlog:x:1000:1000:a person:/home/packetlog:/bin/bash\n`, undefined],
  [`${ROOT}packetlog:x:0:0::/:/bin/sh\n`, undefined],
  [`${ROOT}packetlog:x::990::/:/bin/sh\n`, undefined],
  [ROOT, undefined],
  ['', undefined],
])('the service user in %j is %s', (passwd, uid) => {
  expect(serviceUserIn(passwd)).toBe(uid);
});
