export { EXIT, type ExitReason } from './errors/exit-codes.ts';
export { SetupError } from './errors/setup-error.ts';
