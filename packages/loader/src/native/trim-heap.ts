import { C, call } from './ffi.ts';

/** Returns free memory of the C library to the kernel: malloc_trim(3). */
export function trimHeap(): void {
  call('libc', 'malloc_trim', C.int, [[C.size, 0]]);
}
