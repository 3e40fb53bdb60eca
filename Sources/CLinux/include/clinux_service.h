/// What a service does besides its work: logging, readiness, going to the background, its pid file. Same rules as
/// clinux.h: thin, EINTR retried, `-errno`.
#pragma once

#include "clinux.h"

#include <stdbool.h>
#include <stddef.h>

/// The addresses of a host name, each once and in the resolver's order; returns how many, or -errno. May ask the
/// network.
int clinux_resolve(const char *name, struct clinux_address *addresses, int capacity);

/// As `clinux_log`, to another facility, by its number (RFC 5424 6.2.1).
void clinux_log_to(int facility, int severity, const char *text);

/// Writes all of a buffer to standard error.
int clinux_write_error(const void *text, size_t length);
/// Keeps the C library from merging all small free blocks each time somebody wants a kilobyte.
void clinux_keep_small_blocks(void);
/// Names us in syslog, by facility number. Call once, before `clinux_log`.
void clinux_log_open(const char *name, int facility);
/// Sends one line to syslog.
void clinux_log(int severity, const char *text);
/// Tells the service manager (NOTIFY_SOCKET) what has changed. 0, also when there is no service manager, or -errno; waits a
/// tenth of a second at most.
int clinux_notify(const char *state);
/// Goes to the background, in a session of its own. The parent waits until the child calls `clinux_detached` or ends,
/// and ends with 0 or with the child's status. Only before any thread was started. Returns, in the child, a descriptor
/// for `clinux_detached`, or -errno.
int clinux_detach(void);
/// Lets the parent end and closes standard input, output and error.
int clinux_detached(int descriptor);
/// Closes standard input, output and error.
int clinux_leave_terminal(void);
/// Lets a signal do what it does by default, or nothing.
void clinux_set_signal(int number, bool is_ignored);
/// Writes our process number to a file; where that fails there is none.
int clinux_write_pid(const char *path);
/// Removes that file, unless another process has written its number there since.
int clinux_remove_pid(const char *path);
