export { readTime } from './read-time.ts';
