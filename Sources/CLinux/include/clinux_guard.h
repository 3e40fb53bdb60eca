/// What a process needs that starts another one and watches it, and what puts addresses on interfaces. Same rules as
/// clinux.h: thin, EINTR retried, `-errno`.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "clinux.h"

// --- Processes ----------------------------------------------------------------------------------------------------

/// Two connected sockets that keep messages apart (SOCK_SEQPACKET), non-blocking and close-on-exec.
int clinux_channel_open(int ends[2]);
enum {
    /// Descriptors in one message at most.
    CLINUX_CHANNEL_DESCRIPTORS = 8,
};

/// Sends one message, and descriptors with it (SCM_RIGHTS), which stay ours, too; 0, or -errno (-EPIPE when the other end
/// is closed, never a signal).
int clinux_channel_send(int fd, const void *bytes, size_t length, const int *descriptors, int count);
/// Receives one message: its length, 0 when the other end is closed, -EAGAIN when none waits, or another -errno.
///
/// `descriptors` has room for CLINUX_CHANNEL_DESCRIPTORS; `*count` are there then, close-on-exec, for the caller to close.
ssize_t clinux_channel_receive(int fd, void *buffer, size_t capacity, int *descriptors, int *count);

/// A file in memory with this content, which nobody can change any more (memfd_create); its descriptor, close-on-exec, or
/// -errno. The name is for /proc only.
int clinux_sealed_file(const char *name, const void *bytes, size_t length);
/// Reads from a place of a file on, wherever others are in it: how much, 0 at the end, or -errno.
ssize_t clinux_read_at(int fd, void *buffer, size_t capacity, size_t offset);

/// Starts this very program again, in a process group of its own, with all signals at their defaults and unblocked.
///
/// The child inherits standard input, output and error and the listed descriptors under their numbers, and the
/// environment without what concerns the service manager, plus `variable`. Returns the process id or -errno.
int clinux_spawn_self(char *const arguments[], const int *descriptors, int count, const char *variable);
/// Starts `/bin/sh -c command` with an environment variable of its own added (or NULL), output to standard error.
int clinux_spawn_shell(const char *command, char *const variables[]);
/// The next child that has ended: its process id and its wait status, 0 when none has, or -errno.
int clinux_reap_next(int *status);
/// Sends a signal to one process.
int clinux_kill(int pid, int signal);
/// Sends us a signal when the thread that started us is gone; false when that has happened already.
bool clinux_follow_parent(int parent, int signal);
int clinux_process_id(void);
int clinux_parent_id(void);
/// The exit status that a shell would report for a wait status: 128 + n after signal n.
int clinux_exit_status(int wait_status);
/// Asks for a real-time priority for this process but not for its children. May be refused: then nothing changes.
void clinux_prefer_promptness(void);

// --- Signals and waiting --------------------------------------------------------------------------------------------

/// Blocks the signals that a guard takes and returns a descriptor from which they are read.
int clinux_signals_open(void);
/// The next signal: its number, 0 when there is none, or -errno.
int clinux_signals_next(int fd);
/// Waits until one of up to 32 descriptors (negative ones are left out) has input or was closed by its other end.
/// Returns a bit for each, 0 after the time.
int clinux_wait_any(const int *descriptors, int count, int timeout_ms);
/// Reads and forgets what waits on a descriptor; 0 when it is at its end, 1 otherwise.
int clinux_discard_input(int fd);
/// Opens a named pipe for writing, whether or not somebody reads it yet; writing never waits.
int clinux_open_pipe(const char *path);
/// Writes all of a text, one line at most, to a descriptor, without waiting; -EAGAIN when a pipe is full, -EPIPE, and no
/// signal, when nobody reads it any more.
int clinux_write_text(int fd, const char *text, size_t length);

// --- Addresses on interfaces ----------------------------------------------------------------------------------------

/// Makes a dummy interface unless there is an interface of that name, and sets it up unless it is; says whether there was
/// anything to do. Returns its index or -errno.
int clinux_link_ensure(const char *name, bool *has_changed);
/// Adds an address with the full prefix to an interface, or removes it. Returns 1, 0 when it is so already, or -errno.
int clinux_link_address(int index, const struct clinux_address *address, bool present);
