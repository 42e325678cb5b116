/*
 * Halts one thread of a process, as if it hung, while the others run: ptrace(2). SIGSTOP would stop
 * all of them. Usage: halt-thread TID; it prints "halted", and lets the thread go on when its
 * standard input closes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

int main(int argc, char **argv)
{
	int tid = argc == 2 ? atoi(argv[1]) : 0, status;

	if (ptrace(PTRACE_SEIZE, tid, 0, 0) || ptrace(PTRACE_INTERRUPT, tid, 0, 0) ||
	    waitpid(tid, &status, __WALL) != tid) {
		perror("ptrace");
		return 1;
	}
	puts("halted");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return ptrace(PTRACE_DETACH, tid, 0, 0) != 0;
}
