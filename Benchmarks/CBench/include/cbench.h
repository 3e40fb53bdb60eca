/// System calls of the load generator: datagrams in batches with their arrival time and TOS, fine sleeping, child
/// processes, /proc and BPF programs. Same rules as clinux.h: thin, EINTR retried, `-errno`.
#pragma once

#include "clinux.h"

// --- Datagrams in batches -----------------------------------------------------------------------------------------

/// A fixed number of datagram buffers with their addresses, for sendmmsg or recvmmsg (one batch for one purpose).
/// One thread uses it.
struct cbench_batch;

/// What the kernel tells about a received datagram.
struct cbench_batch_info {
    /// CLOCK_REALTIME in nanoseconds, stamped when the datagram entered the receiving stack; 0 when not asked for.
    uint64_t received_ns;
    struct clinux_address source;
    /// Bytes received; more than the buffer holds if the datagram was cut.
    uint32_t length;
    /// TOS or traffic class, or -1 when not asked for.
    int32_t tos;
};

enum cbench_udp_extras {
    /// SO_TIMESTAMPNS: `received_ns` is filled.
    CBENCH_UDP_TIMESTAMP = 1,
    /// IP_RECVTOS / IPV6_RECVTCLASS: `tos` is filled.
    CBENCH_UDP_TOS = 2,
};

/// Allocates `slots` buffers of `size` zero bytes each, or NULL.
struct cbench_batch *cbench_batch_create(uint32_t slots, uint32_t size);
void cbench_batch_destroy(struct cbench_batch *batch);
/// The buffer of a slot; stays where it is.
uint8_t *cbench_batch_data(struct cbench_batch *batch, uint32_t slot);
/// Length and destination of the datagram that a slot sends.
void cbench_batch_address(
    struct cbench_batch *batch, uint32_t slot, uint32_t length, const struct clinux_address *destination);
/// Sends slots `first ..< first + count` without blocking; returns how many went out, or -errno when none did.
int cbench_batch_send(struct cbench_batch *batch, int fd, uint32_t first, uint32_t count);
/// Receives into all slots without blocking; returns how many were filled, or -errno.
int cbench_batch_receive(struct cbench_batch *batch, int fd);
/// Describes a slot that `cbench_batch_receive` filled.
void cbench_batch_describe(const struct cbench_batch *batch, uint32_t slot, struct cbench_batch_info *info);

/// Receives datagrams and sends each on: what comes from `one` goes to `other`, everything else to `one`. As many at a time as
/// are there, with one call each. Sleeps until there is something; returns -errno when that fails.
int cbench_forward(int fd, const struct clinux_address *one, const struct clinux_address *other);

// --- UDP sockets --------------------------------------------------------------------------------------------------

/// Asks for `cbench_udp_extras` on received datagrams.
int cbench_udp_request(int fd, int family, int extras);
/// Fixes the peer, so that an ICMP error comes back as ECONNREFUSED.
int cbench_udp_connect(int fd, const struct clinux_address *peer);
/// The address and port that a socket is bound to.
int cbench_udp_local(int fd, struct clinux_address *local);
/// Sets receive and send buffer (bytes), beyond the system's limit where permitted; returns the receive buffer got.
int cbench_udp_set_buffers(int fd, int receive, int send);

// --- Waiting ------------------------------------------------------------------------------------------------------

/// Waits until `fd` is readable: 1, or 0 after `timeout_ns` or a signal, or -errno.
int cbench_wait_input(int fd, uint64_t timeout_ns);
/// Lets the calling thread's timers fire as exactly as the kernel can (PR_SET_TIMERSLACK).
void cbench_fine_timers(void);
/// Sleeps until CLOCK_MONOTONIC reaches `deadline_ns`, or a signal arrives.
void cbench_sleep_until(uint64_t deadline_ns);
/// From now on the first SIGINT or SIGTERM only sets a flag; the second one ends the process.
void cbench_catch_interrupt(void);
/// Whether that first signal has come.
bool cbench_interrupted(void);

// --- Processes and /proc ------------------------------------------------------------------------------------------

/// Starts a program in a process group of its own with `output` as its standard output and error. It dies with the
/// thread that started it. Returns the process id or -errno, also when the program cannot be executed.
int cbench_spawn(const char *path, char *const arguments[], int output);
/// Signals the whole process group of a child.
int cbench_signal_group(int pid, int signal);
/// 1 and the wait status when the child has ended, 0 while it runs, or -errno.
int cbench_reap(int pid, int *status);
/// Raises the soft limit of open files to the hard one (children inherit it); returns the limit.
int64_t cbench_raise_file_limit(void);
/// An unnamed temporary file for a child's output, or -errno.
int cbench_temporary_file(void);
/// Reads up to `capacity` bytes from offset 0 of an open file; returns how many, or -errno.
ssize_t cbench_read_from_start(int fd, void *buffer, size_t capacity);
/// Moves the calling thread into a network namespace, for the sockets it opens from then on. 0 or -errno.
int cbench_enter_network(int fd);
/// Where a symbolic link points; returns the length or -errno.
ssize_t cbench_read_link(const char *path, char *buffer, size_t capacity);
/// The entries of a directory whose names are decimal numbers; returns how many there are, which may be more than
/// `capacity`, or -errno.
int cbench_list_numbers(const char *path, uint32_t *numbers, int capacity);

// --- BPF programs -------------------------------------------------------------------------------------------------

/// Has the kernel measure the run time of all BPF programs until the descriptor that it returns is closed; or -errno.
int cbench_program_statistics(void);
/// Loads a program that does nothing (XDP): its descriptor, or -errno.
int cbench_empty_program(void);
/// Runs an XDP program a number of times in a row. 0 or -errno.
int cbench_run_program(int fd, uint32_t repetitions);
