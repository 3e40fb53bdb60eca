/// The system calls that Swift cannot import, or imports badly: each wrapper is a few lines, retries EINTR, and
/// returns `-errno` on failure. No policy here.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// An address as our code holds it. `family` is 4 or 6; IPv4 is in the lower 32 bits of `low`; `port` is in host order.
struct clinux_address {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t family;
};

// --- UDP sockets -------------------------------------------------------------------------------------------------

enum clinux_udp_flags {
    /// IP_FREEBIND: bind an address that is not on this host (yet).
    CLINUX_UDP_FREEBIND = 1,
    /// IP_PKTINFO / IPV6_RECVPKTINFO: receive calls tell the local address.
    CLINUX_UDP_PKTINFO = 2,
};

/// Opens, configures and binds a non-blocking, close-on-exec UDP socket. IPv6 sockets are IPv6 only. SO_REUSEADDR is
/// never set: two owners of one port would steal each other's packets. Returns the descriptor or -errno.
int clinux_udp_open(const struct clinux_address *local, int tos, int flags);
/// Sets TOS or traffic class.
int clinux_udp_set_tos(int fd, int family, int tos);
/// Sets SO_RCVBUF (bytes).
int clinux_udp_set_receive_buffer(int fd, int bytes);
/// The port a socket is bound to, or -errno.
int clinux_udp_local_port(int fd);
/// Receives one datagram without blocking; returns its length (more than `capacity` if it was cut) or -errno.
ssize_t clinux_udp_receive(int fd, void *buffer, size_t capacity, struct clinux_address *source);
/// Sends one datagram without blocking; returns its length or -errno.
ssize_t clinux_udp_send(int fd, const void *buffer, size_t length, const struct clinux_address *destination);
/// Datagrams the kernel dropped at this socket since it was opened (SO_MEMINFO), or -errno.
int64_t clinux_udp_drops(int fd);

// --- Waiting ------------------------------------------------------------------------------------------------------

int clinux_epoll_create(void);
/// Watches `fd` for input, level-triggered; `tag` comes back from `clinux_epoll_wait`.
int clinux_epoll_add(int epoll, int fd, uint64_t tag);
/// The same, but nothing is reported before `clinux_epoll_awaken`, which cannot fail for lack of anything.
int clinux_epoll_add_asleep(int epoll, int fd, uint64_t tag);
int clinux_epoll_awaken(int epoll, int fd, uint64_t tag);
int clinux_epoll_remove(int epoll, int fd);
/// Fills `tags`; returns how many, or -errno. A negative timeout waits for ever.
int clinux_epoll_wait(int epoll, uint64_t *tags, int capacity, int timeout_ms);
int clinux_eventfd(void);
int clinux_eventfd_signal(int fd);
/// Takes the count of an eventfd, without blocking.
int clinux_eventfd_drain(int fd);
int clinux_close(int fd);

// --- Threads and clocks -------------------------------------------------------------------------------------------

/// Pins the calling thread to a core.
int clinux_pin_thread(int core);
/// Cores are numbered below this.
int clinux_core_limit(void);
/// Whether this process may run on a core.
bool clinux_may_use_core(int core);
/// Names the calling thread (15 characters).
void clinux_name_thread(const char *name);
/// Blocks all signals for the calling thread: others get them.
void clinux_block_signals(void);
/// CLOCK_MONOTONIC in nanoseconds.
uint64_t clinux_monotonic_ns(void);
/// CLOCK_REALTIME in nanoseconds since the epoch.
uint64_t clinux_realtime_ns(void);

// --- Files --------------------------------------------------------------------------------------------------------

/// Opens a file for reading, or -errno.
int clinux_open_file(const char *path);
/// Reads the next bytes of an open file; returns how many, 0 at the end, or -errno.
ssize_t clinux_read_next(int fd, void *buffer, size_t capacity);

// --- Memory ----------------------------------------------------------------------------------------------------------

/// Has the processor fetch memory that is needed soon, `size` bytes of it. A hint: any address will do.
static inline void clinux_prefetch(const void *memory, size_t size) {
    for (size_t offset = 0; offset < size; offset += 64) __builtin_prefetch((const char *)memory + offset);
}

// --- Counters that one thread writes and others read ---------------------------------------------------------------

static inline uint64_t clinux_load(const uint64_t *cell) { return __atomic_load_n(cell, __ATOMIC_RELAXED); }
static inline void clinux_store(uint64_t *cell, uint64_t value) { __atomic_store_n(cell, value, __ATOMIC_RELAXED); }
/// Adds to a counter that only the calling thread writes: a plain load and store, no locked instruction.
static inline void clinux_add(uint64_t *cell, uint64_t value) {
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + value, __ATOMIC_RELAXED);
}
