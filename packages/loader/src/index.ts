export { EXIT, type ExitReason } from './exit-codes.ts';
export { SetupError } from './setup-error.ts';
