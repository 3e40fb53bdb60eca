/// Datagrams of many local ports through few sockets: one UDP socket takes what is steered to it and tells the local
/// address of each datagram, one raw socket for each local address sends from any of its ports. Same rules as clinux.h:
/// thin, EINTR retried, `-errno`.
#pragma once

#include "clinux.h"

/// Room for a fixed number of datagrams that came with one receive call and leave with one send call for each sender.
/// One thread uses it.
struct clinux_steered;

enum {
    /// The bell may fail (a loopback interface that is down), so nobody waits for it for ever, nor for so long that a
    /// thread with nothing to do counts as hung.
    CLINUX_STEERED_PATIENCE_MS = 100,
};

/// A raw socket, bound to a local address, and what is queued to leave through it. One thread uses it.
struct clinux_sender;

/// What `clinux_steered_send_mark` sends.
struct clinux_steered_mark {
    uint64_t time;
    /// Bytes, by the kernel's books, that wait before it.
    uint32_t ahead;
    uint32_t unused;
};

/// A received datagram. `bytes` stays valid until the next receive call.
struct clinux_steered_datagram {
    const uint8_t *bytes;
    uint32_t length;
    struct clinux_address source;
    /// Where it was sent to. Family 0 when the kernel did not tell.
    struct clinux_address local;
};

/// Allocates room for `slots` datagrams of any size, or NULL. Memory that no datagram needs is not touched.
struct clinux_steered *clinux_steered_create(uint32_t slots);
void clinux_steered_destroy(struct clinux_steered *batch);

/// Opens a UDP socket that takes steered datagrams, of one family or both. It is bound to the loopback address or
/// interface, so that nothing else reaches it, and tells local addresses. `buffer`: bytes, beyond the system's limit where
/// permitted.
int clinux_steered_open(bool takes_v4, bool takes_v6, int buffer);
/// Receives what is waiting into the batch; returns how many, or -errno. With `waits`, and nothing there, it waits for the
/// first datagram, at most `CLINUX_STEERED_PATIENCE_MS`, and then returns -EAGAIN.
int clinux_steered_receive(struct clinux_steered *batch, int fd, int waits);
/// Waits until something can be received, at most that long.
void clinux_steered_wait(int fd, int milliseconds);
/// Sends the socket an empty datagram from itself, so that `clinux_steered_receive` returns. Any thread.
void clinux_steered_ring(int fd);
/// Sends the socket a `clinux_steered_mark` from itself, behind all that waits there. When there is no room, none is sent.
void clinux_steered_send_mark(int fd, uint64_t time);
/// Sets the room for what waits; bytes, beyond the system's limit where permitted. The kernel doubles them for its books.
/// What is too much already stays, and nothing is added.
void clinux_steered_resize(int fd, int bytes);
/// Where those datagrams come from and go, and nothing else.
int clinux_steered_address(int fd, struct clinux_address *address);
/// Describes a datagram of the last receive call.
void clinux_steered_describe(
    const struct clinux_steered *batch, uint32_t slot, struct clinux_steered_datagram *datagram);

/// Opens a raw socket that sends from all ports of an address, which need not be on this host. Needs CAP_NET_RAW.
int clinux_sender_open(const struct clinux_address *local, int buffer);
/// Allocates a queue of `slots` datagrams for a socket of `clinux_sender_open`, or NULL.
struct clinux_sender *clinux_sender_create(int fd, int family, uint32_t slots);
/// Frees the queue; the socket stays open.
void clinux_sender_destroy(struct clinux_sender *sender);
/// Puts UDP and IP headers before a datagram of the batch and queues it. `from` and `to` are of the sender's family.
void clinux_sender_queue(
    struct clinux_sender *sender, struct clinux_steered *batch, uint32_t slot, const struct clinux_address *from,
    const struct clinux_address *to, int tos);
/// Sends what is queued, without blocking. Returns how many the kernel refused and writes their slots to `refused`, which
/// has room for the whole batch. Datagrams that are too big for the path leave as fragments.
uint32_t clinux_sender_flush(struct clinux_sender *sender, struct clinux_steered *batch, uint32_t *refused);
