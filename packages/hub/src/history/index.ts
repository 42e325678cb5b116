export type { ClickHouseTarget } from './clickhouse.ts';
export { History, type HistoryLog, type HistoryOptions } from './history.ts';
export { HistoryQuestions, type HistoryQuestionsOptions } from './history-questions.ts';
export { shipHandler } from './ship-handler.ts';
