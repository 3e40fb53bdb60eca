#define _GNU_SOURCE
#include "clinux_guard.h"
#include "clinux_retry.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

int clinux_channel_open(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0 ? -errno : 0;
}

union channel_control {
    struct cmsghdr header;
    char room[CMSG_SPACE(CLINUX_CHANNEL_DESCRIPTORS * sizeof(int))];
};

int clinux_channel_send(int fd, const void *bytes, size_t length, const int *descriptors, int count) {
    if (count < 0 || count > CLINUX_CHANNEL_DESCRIPTORS) return -EINVAL;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
    union channel_control control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count > 0) {
        size_t octets = (size_t)count * sizeof *descriptors;
        control.header = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(octets)};
        memcpy(CMSG_DATA(&control.header), descriptors, octets);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(octets);
    }
    long sent = RETRY(sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
    return sent < 0 ? (int)sent : 0;
}

ssize_t clinux_channel_receive(int fd, void *buffer, size_t capacity, int *descriptors, int *count) {
    struct iovec part = {.iov_base = buffer, .iov_len = capacity};
    union channel_control control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    *count = 0;
    long got = RETRY(recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (got < 0) return got;
    // The kernel gives no more than there is room for, and closes the rest.
    for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        size_t octets = part->cmsg_len - CMSG_LEN(0);
        memcpy(descriptors, CMSG_DATA(part), octets);
        *count = (int)(octets / sizeof *descriptors);
    }
    return got;
}

// Older headers do not have it (Linux 6.3).
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

int clinux_sealed_file(const char *name, const void *bytes, size_t length) {
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL) fd = memfd_create(name, flags);
    if (fd < 0) return -errno;
    int error = 0;
    for (size_t done = 0; !error && done < length;) {
        long written = RETRY(write(fd, (const char *)bytes + done, length - done));
        if (written < 0) error = (int)written;
        else done += (size_t)written;
    }
    int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    if (!error && fcntl(fd, F_ADD_SEALS, seals) < 0) error = -errno;
    if (!error) return fd;
    close(fd);
    return error;
}

ssize_t clinux_read_at(int fd, void *buffer, size_t capacity, size_t offset) {
    return RETRY(pread(fd, buffer, capacity, (off_t)offset));
}

// Whether a variable is for us only: it is between the service manager and its direct child, or about to be replaced.
static bool is_ours(const char *variable, const char *replacement) {
    if (strncmp(variable, "NOTIFY_SOCKET=", 14) == 0 || strncmp(variable, "WATCHDOG_", 9) == 0) return true;
    const char *end = replacement ? strchr(replacement, '=') : NULL;
    return end && strncmp(variable, replacement, (size_t)(end - replacement) + 1) == 0;
}

static char **environment_with(const char *variable, char *const more[]) {
    size_t count = 0, extra = variable ? 1 : 0;
    while (environ[count]) count++;
    for (size_t i = 0; more && more[i]; i++) extra++;
    char **list = calloc(count + extra + 1, sizeof *list);
    if (!list) return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_ours(environ[i], variable)) list[kept++] = environ[i];
    if (variable) list[kept++] = (char *)variable;
    for (size_t i = 0; more && more[i]; i++) list[kept++] = more[i];
    return list;
}

static int spawn(
    const char *path, char *const arguments[], posix_spawn_file_actions_t *actions, char **environment) {
    if (!environment) return -ENOMEM;
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    pid_t pid;
    int error = posix_spawn(&pid, path, actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return error ? -error : pid;
}

int clinux_spawn_self(char *const arguments[], const int *descriptors, int count, const char *variable) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    // A descriptor that is duplicated onto itself stays open across exec.
    for (int i = 0; i < count; i++) posix_spawn_file_actions_adddup2(&actions, descriptors[i], descriptors[i]);
    int result = spawn("/proc/self/exe", arguments, &actions, environment_with(variable, NULL));
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

int clinux_spawn_shell(const char *command, char *const variables[]) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    char *const arguments[] = {"sh", "-c", (char *)command, NULL};
    int result = spawn("/bin/sh", arguments, &actions, environment_with(NULL, variables));
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

int clinux_reap_next(int *status) {
    long pid = RETRY(waitpid(-1, status, WNOHANG));
    return pid == -ECHILD ? 0 : (int)pid;
}

int clinux_kill(int pid, int signal) { return kill(pid, signal) < 0 ? -errno : 0; }

bool clinux_follow_parent(int parent, int signal) {
    prctl(PR_SET_PDEATHSIG, signal);
    return getppid() == parent;
}

int clinux_process_id(void) { return getpid(); }

int clinux_parent_id(void) { return getppid(); }

int clinux_exit_status(int wait_status) {
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void clinux_prefer_promptness(void) {
    struct sched_param parameters = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters);
}

int clinux_signals_open(void) {
    static const int taken[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        // One that was ignored by whoever started us would never arrive.
        signal(taken[i], SIG_DFL);
        sigaddset(&set, taken[i]);
    }
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -errno;
    return (int)RETRY(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
}

int clinux_signals_next(int fd) {
    struct signalfd_siginfo info;
    long got = RETRY(read(fd, &info, sizeof info));
    if (got == -EAGAIN) return 0;
    return got < 0 ? (int)got : (int)info.ssi_signo;
}

int clinux_wait_any(const int *descriptors, int count, int timeout_ms) {
    struct pollfd watched[32];
    if (count > 32) return -EINVAL;
    for (int i = 0; i < count; i++) watched[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    int ready = poll(watched, (nfds_t)count, timeout_ms);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    int bits = 0;
    for (int i = 0; i < count; i++)
        if (descriptors[i] >= 0 && watched[i].revents) bits |= 1 << i;
    return bits;
}

int clinux_discard_input(int fd) {
    char buffer[4096];
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    while (poll(&watched, 1, 0) > 0) {
        long got = RETRY(read(fd, buffer, sizeof buffer));
        if (got <= 0) return 0;
    }
    return 1;
}

int clinux_open_pipe(const char *path) { return (int)RETRY(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)); }

// Writes without a signal when nobody reads any more.
static long write_quietly(int fd, const char *text, size_t length) {
    sigset_t broken, before, pending;
    sigemptyset(&broken);
    sigaddset(&broken, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &broken, &before);
    long written = RETRY(write(fd, text, length));
    // The signal goes to the thread that has written, and waits there.
    if (written == -EPIPE && !sigismember(&pending, SIGPIPE)) {
        struct timespec now = {0};
        RETRY(sigtimedwait(&broken, NULL, &now));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return written;
}

int clinux_write_text(int fd, const char *text, size_t length) {
    while (length > 0) {
        // A pipe with room takes a line of this length whole, also one that would wait when it is full.
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        if (poll(&room, 1, 0) == 0) return -EAGAIN;
        long written = write_quietly(fd, text, length);
        if (written < 0) return (int)written;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}
