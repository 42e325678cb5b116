/** Environment variable of the handover; the core takes it out. */
export const HANDOVER_VARIABLE = 'PACKETLOG_HANDOVER';
