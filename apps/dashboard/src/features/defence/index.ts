export { ChartEvents } from './events/chart-events.tsx';
