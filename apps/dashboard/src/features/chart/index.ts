export type { Overview } from './use-overview.ts';
