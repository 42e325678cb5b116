export { keyDigest, newPrivateKey, publicKeyOf } from './identity/signing.ts';
export type { NodeLink, NodeLinks } from './nodes/node-link.ts';
export { type Caller, type FleetHandler, type FleetHandlers, FleetRejection } from './requests/handlers.ts';
