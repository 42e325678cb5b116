/** Completion of filters, in its own file: loaded when a filter is first edited. */
export { completeFilter } from '@packetlog/common';
