/** Completion of filters, in its own file: fetched when a filter is first edited. */
export { completeFilter } from '@packetlog/common';
