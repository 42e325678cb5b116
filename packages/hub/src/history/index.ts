export type { ClickHouseTarget } from './clickhouse.ts';
export { History, type HistoryCounts, type HistoryLog, type HistoryOptions } from './history.ts';
export { shipHandler } from './ship-handler.ts';
