export { keyDigest, newPrivateKey, publicKeyOf } from './identity/signing.ts';
export type { NodeLink, NodeLinks } from './nodes/node-link.ts';
export { type Caller, type FleetHandler, type FleetHandlers, FleetRejection } from './requests/handlers.ts';
export { FleetRules, type FleetRulesParts } from './rules/fleet-rules.ts';
export { type FileStateOptions, openFileState } from './state/file-state.ts';
export { type HubState, StateConflict, StateError, type Stored } from './state/hub-state.ts';
export { openNatsState } from './state/nats-state.ts';
export { isNatsUrl } from './state/nats-url.ts';
