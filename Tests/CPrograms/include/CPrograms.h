/// Starts programs and waits for them. Thin, EINTR retried, `-errno` on failure.
#pragma once

/// Starts a program, looked for in PATH unless its name has a slash, in a process group of its own, with our environment
/// and folder, and with all signals at their defaults and unblocked. Returns the process id or -errno, also when the
/// program cannot be executed.
///
/// It has three descriptors: `input` (/dev/null when negative), and `output` as standard output and error.
int program_start(char *const arguments[], int input, int output);
/// Blocks until a child has ended, and leaves it where it is: its number is nobody else's yet.
int program_wait(int pid);
/// The exit status of a child that has ended, or minus the signal that ended it. From here on the number is free.
int program_reap(int pid);
