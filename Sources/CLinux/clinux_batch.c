#define _GNU_SOURCE
#include "clinux_batch.h"
#include "clinux_address.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_SIZE = CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(int)) };

struct clinux_batch {
    uint32_t slots;
    uint32_t size;
    /// Slots whose lengths the kernel may have changed: all at first, then those of the last receive call.
    uint32_t used;
    struct mmsghdr *headers;
    struct iovec *pieces;
    union sockaddr_any *addresses;
    char *controls;
    uint8_t *data;
};

struct clinux_batch *clinux_batch_create(uint32_t slots, uint32_t size) {
    struct clinux_batch *batch = calloc(1, sizeof *batch);
    if (!batch) return NULL;
    batch->slots = batch->used = slots;
    batch->size = size;
    batch->headers = calloc(slots, sizeof *batch->headers);
    batch->pieces = calloc(slots, sizeof *batch->pieces);
    batch->addresses = calloc(slots, sizeof *batch->addresses);
    batch->controls = calloc(slots, CONTROL_SIZE);
    batch->data = calloc(slots, size);
    if (!batch->headers || !batch->pieces || !batch->addresses || !batch->controls || !batch->data) {
        clinux_batch_destroy(batch);
        return NULL;
    }
    for (uint32_t slot = 0; slot < slots; slot++) {
        batch->pieces[slot] = (struct iovec){batch->data + (size_t)slot * size, size};
        batch->headers[slot].msg_hdr = (struct msghdr){
            .msg_name = &batch->addresses[slot], .msg_iov = &batch->pieces[slot], .msg_iovlen = 1};
    }
    return batch;
}

void clinux_batch_destroy(struct clinux_batch *batch) {
    if (!batch) return;
    free(batch->headers);
    free(batch->pieces);
    free(batch->addresses);
    free(batch->controls);
    free(batch->data);
    free(batch);
}

uint8_t *clinux_batch_data(struct clinux_batch *batch, uint32_t slot) {
    return batch->data + (size_t)slot * batch->size;
}

void clinux_batch_address(
    struct clinux_batch *batch, uint32_t slot, uint32_t length, const struct clinux_address *destination) {
    batch->pieces[slot].iov_len = length;
    batch->headers[slot].msg_hdr.msg_namelen = to_sockaddr(destination, &batch->addresses[slot]);
}

int clinux_batch_send(struct clinux_batch *batch, int fd, uint32_t first, uint32_t count) {
    return RETRY(sendmmsg(fd, batch->headers + first, count, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static void prepare_to_receive(struct clinux_batch *batch, uint32_t slot) {
    struct msghdr *header = &batch->headers[slot].msg_hdr;
    header->msg_namelen = sizeof batch->addresses[slot];
    header->msg_control = batch->controls + (size_t)slot * CONTROL_SIZE;
    header->msg_controllen = CONTROL_SIZE;
}

int clinux_batch_receive(struct clinux_batch *batch, int fd) {
    for (uint32_t slot = 0; slot < batch->used; slot++) prepare_to_receive(batch, slot);
    long got = RETRY(recvmmsg(fd, batch->headers, batch->slots, MSG_DONTWAIT | MSG_TRUNC, NULL));
    batch->used = got > 0 ? (uint32_t)got : 0;
    return (int)got;
}

void clinux_batch_describe(const struct clinux_batch *batch, uint32_t slot, struct clinux_batch_info *info) {
    struct msghdr *header = &batch->headers[slot].msg_hdr;
    *info = (struct clinux_batch_info){.length = batch->headers[slot].msg_len, .tos = -1};
    from_sockaddr(&batch->addresses[slot], &info->source);
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
            struct timespec stamp;
            memcpy(&stamp, CMSG_DATA(part), sizeof stamp);
            info->received_ns = (uint64_t)stamp.tv_sec * 1000000000u + (uint64_t)stamp.tv_nsec;
        } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TOS) {
            info->tos = *CMSG_DATA(part);  // one byte, unlike IPv6
        } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_TCLASS) {
            int value;
            memcpy(&value, CMSG_DATA(part), sizeof value);
            info->tos = value;
        }
    }
}

int clinux_udp_request(int fd, int family, int extras) {
    int error = 0;
    if (extras & CLINUX_UDP_TIMESTAMP) error = set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    if (!error && (extras & CLINUX_UDP_TOS))
        error = family == 6 ? set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1)
                            : set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);
    return error;
}

int clinux_udp_connect(int fd, const struct clinux_address *peer) {
    union sockaddr_any address;
    socklen_t length = to_sockaddr(peer, &address);
    return RETRY(connect(fd, &address.any, length));
}

int clinux_udp_local(int fd, struct clinux_address *local) {
    union sockaddr_any address;
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) < 0) return -errno;
    from_sockaddr(&address, local);
    return 0;
}

int clinux_udp_set_buffers(int fd, int receive, int send) {
    if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive) < 0) set_option(fd, SOL_SOCKET, SO_RCVBUF, receive);
    if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, send) < 0) set_option(fd, SOL_SOCKET, SO_SNDBUF, send);
    int got = 0;
    socklen_t length = sizeof got;
    return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &length) < 0 ? -errno : got;
}

int64_t clinux_udp_drops(int fd) {
    uint32_t values[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof values;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values, &length) < 0) return -errno;
    return values[SK_MEMINFO_DROPS];
}

static struct timespec to_timespec(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

int clinux_wait_input(int fd, uint64_t timeout_ns) {
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    struct timespec timeout = to_timespec(timeout_ns);
    int ready = ppoll(&watched, 1, &timeout, NULL);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    return ready;
}

void clinux_fine_timers(void) { prctl(PR_SET_TIMERSLACK, 1); }

void clinux_sleep_until(uint64_t deadline_ns) {
    struct timespec deadline = to_timespec(deadline_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
}

static volatile sig_atomic_t interrupt_seen;

static void note_interrupt(int signal) {
    (void)signal;
    interrupt_seen = 1;
}

void clinux_catch_interrupt(void) {
    struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool clinux_interrupted(void) { return interrupt_seen != 0; }

int clinux_spawn(const char *path, char *const arguments[], int output) {
    int report[2];  // carries the child's errno; closes by itself when exec succeeds
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        int error = errno;
        close(report[0]);
        close(report[1]);
        return -error;
    }
    if (pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_RDONLY);
        if (getppid() == parent && null >= 0 && dup2(null, 0) >= 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0)
            execv(path, arguments);
        int error = errno;
        (void)!write(report[1], &error, sizeof error);
        _exit(127);
    }
    setpgid(pid, pid);  // both sides, so that neither has to wait for the other
    close(report[1]);
    int error = 0;
    long got = RETRY(read(report[0], &error, sizeof error));
    close(report[0]);
    if (got <= 0) return pid;
    waitpid(pid, NULL, 0);
    return error ? -error : -ECHILD;
}

int clinux_signal_group(int pid, int signal) { return kill(-pid, signal) < 0 ? -errno : 0; }

int clinux_reap(int pid, int *status) {
    long ended = RETRY(waitpid(pid, status, WNOHANG));
    return ended < 0 ? (int)ended : ended > 0;
}

int64_t clinux_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return (int64_t)limit.rlim_cur;
}

int clinux_temporary_file(void) { return RETRY(memfd_create("output", MFD_CLOEXEC)); }

ssize_t clinux_read_from_start(int fd, void *buffer, size_t capacity) { return RETRY(pread(fd, buffer, capacity, 0)); }

int clinux_enter_network(int fd) { return RETRY(setns(fd, CLONE_NEWNET)); }

int clinux_open_file(const char *path) { return RETRY(open(path, O_RDONLY | O_CLOEXEC)); }

ssize_t clinux_read_next(int fd, void *buffer, size_t capacity) { return RETRY(read(fd, buffer, capacity)); }

ssize_t clinux_read_link(const char *path, char *buffer, size_t capacity) {
    return RETRY(readlink(path, buffer, capacity));
}

int clinux_list_numbers(const char *path, uint32_t *numbers, int capacity) {
    DIR *directory = opendir(path);
    if (!directory) return -errno;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        char *end;
        unsigned long value = strtoul(entry->d_name, &end, 10);
        if (end == entry->d_name || *end) continue;
        if (count < capacity) numbers[count] = (uint32_t)value;
        count++;
    }
    closedir(directory);
    return count;
}
