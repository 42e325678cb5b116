/** Headers of requests to the control socket: who became root to run the command, and from where. */
export const USER_HEADER = 'x-packetlog-user';
export const ADDRESS_HEADER = 'x-packetlog-address';
