/** Completion of filters, in a file of its own: the page fetches it when the filter is first edited. */
export { completeFilter } from '@packetlog/common';
