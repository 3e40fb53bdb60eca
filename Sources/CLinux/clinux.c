#define _GNU_SOURCE
#include "clinux.h"
#include "clinux_address.h"

#include <fcntl.h>
#include <linux/sock_diag.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

int clinux_udp_open(const struct clinux_address *local, int tos, int flags) {
    int v6 = local->family == 6;
    int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int error = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) : 0;
    if (!error && tos) error = clinux_udp_set_tos(fd, local->family, tos);
    if (!error && (flags & CLINUX_UDP_FREEBIND))
        error = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1) : set_option(fd, IPPROTO_IP, IP_FREEBIND, 1);
    if (!error && (flags & CLINUX_UDP_PKTINFO))
        error = v6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    if (!error) {
        union sockaddr_any address;
        socklen_t length = to_sockaddr(local, &address);
        if (bind(fd, &address.any, length) < 0) error = -errno;
    }
    if (!error) return fd;
    close(fd);
    return error;
}

int clinux_udp_set_tos(int fd, int family, int tos) {
    return family == 6 ? set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, tos) : set_option(fd, IPPROTO_IP, IP_TOS, tos);
}

int clinux_udp_set_receive_buffer(int fd, int bytes) { return set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes); }

int clinux_udp_local_port(int fd) {
    union sockaddr_any address;
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) < 0) return -errno;
    return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

ssize_t clinux_udp_receive(int fd, void *buffer, size_t capacity, struct clinux_address *source) {
    union sockaddr_any address;
    socklen_t length = sizeof address;
    ssize_t got = RETRY(recvfrom(fd, buffer, capacity, MSG_TRUNC | MSG_DONTWAIT, &address.any, &length));
    if (got >= 0) from_sockaddr(&address, source);
    return got;
}

ssize_t clinux_udp_send(int fd, const void *buffer, size_t length, const struct clinux_address *destination) {
    union sockaddr_any address;
    socklen_t size = to_sockaddr(destination, &address);
    return RETRY(sendto(fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL, &address.any, size));
}

int64_t clinux_udp_drops(int fd) {
    uint32_t values[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof values;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values, &length) < 0) return -errno;
    return values[SK_MEMINFO_DROPS];
}

int clinux_epoll_create(void) { return RETRY(epoll_create1(EPOLL_CLOEXEC)); }

int clinux_epoll_add(int epoll, int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int clinux_epoll_add_asleep(int epoll, int fd, uint64_t tag) {
    struct epoll_event event = {.events = 0, .data.u64 = tag};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int clinux_epoll_awaken(int epoll, int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag};
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

int clinux_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) < 0 ? -errno : 0; }

int clinux_epoll_wait(int epoll, uint64_t *tags, int capacity, int timeout_ms) {
    struct epoll_event events[256];
    if (capacity > 256) capacity = 256;
    int count = epoll_wait(epoll, events, capacity, timeout_ms);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    for (int index = 0; index < count; index++) tags[index] = events[index].data.u64;
    return count;
}

int clinux_eventfd(void) { return RETRY(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

int clinux_eventfd_signal(int fd) {
    uint64_t one = 1;
    long written = RETRY(write(fd, &one, sizeof one));
    return written < 0 ? (int)written : 0;
}

int clinux_eventfd_drain(int fd) {
    uint64_t count;
    long got = RETRY(read(fd, &count, sizeof count));
    return got < 0 ? (int)got : 0;
}

int clinux_close(int fd) { return close(fd) < 0 ? -errno : 0; }

int clinux_pin_thread(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

int clinux_core_limit(void) { return CPU_SETSIZE; }

bool clinux_may_use_core(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_ISSET(core, &set);
}

void clinux_block_signals(void) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void clinux_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clinux_monotonic_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
uint64_t clinux_realtime_ns(void) { return clock_ns(CLOCK_REALTIME); }

int clinux_open_file(const char *path) { return RETRY(open(path, O_RDONLY | O_CLOEXEC)); }

ssize_t clinux_read_next(int fd, void *buffer, size_t capacity) { return RETRY(read(fd, buffer, capacity)); }
