/// Datagrams that are received and sent several at a time, each with the local address that it came to or leaves from.
/// Same rules as clinux.h: thin, EINTR retried, `-errno`.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "clinux.h"

/// Room for some datagrams of any size, to receive them or to queue and send them. Used by one thread at a time.
struct clinux_control;

/// NULL without memory. What a datagram does not use is address space only.
struct clinux_control *clinux_control_create(uint32_t slots);
void clinux_control_destroy(struct clinux_control *control);

/// Receives what is waiting, without blocking; returns how many datagrams, or -errno. Needs CLINUX_UDP_PKTINFO.
int clinux_control_receive(struct clinux_control *control, int fd);
/// One datagram of the last receive call, who sent it, and the local address (without port; family 0 if unknown).
const uint8_t *clinux_control_received(
    struct clinux_control *control, uint32_t slot, size_t *length, struct clinux_address *source,
    struct clinux_address *local);

/// Copies a datagram into the next free slot, to leave from a local address (family 0: whichever fits). 0, -ENOBUFS when
/// all slots are taken, or -EMSGSIZE.
int clinux_control_queue(
    struct clinux_control *control, const void *bytes, size_t length, const struct clinux_address *destination,
    const struct clinux_address *local);
/// Sends what is queued, without blocking; returns how many datagrams the kernel refused.
int clinux_control_flush(struct clinux_control *control, int fd);
