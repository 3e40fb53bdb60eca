#define _GNU_SOURCE
#include "clinux_service.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static int write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -errno;
        text += written;
        length -= (size_t)written;
    }
    return 0;
}

int clinux_write_error(const void *text, size_t length) { return write_all(STDERR_FILENO, text, length); }

void clinux_keep_small_blocks(void) {
    // Without fast bins there is nothing to merge; threads have caches of their own for small blocks.
    mallopt(M_MXFAST, 0);
}

void clinux_log_open(const char *name, int facility) {
    // syslog keeps the pointer.
    static char ident[64];
    snprintf(ident, sizeof ident, "%s", name);
    openlog(ident, LOG_PID | LOG_NDELAY, facility << 3);
}

void clinux_log_to(int facility, int severity, const char *text) {
    syslog((facility << 3) | (severity & LOG_PRIMASK), "%s", text);
}

void clinux_log(int severity, const char *text) { syslog(severity & LOG_PRIMASK, "%s", text); }

int clinux_resolve(const char *name, struct clinux_address *addresses, int capacity) {
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list = NULL;
    int error = getaddrinfo(name, NULL, &hints, &list);
    if (error) return error == EAI_SYSTEM ? -errno : -ENOENT;
    int count = 0;
    for (struct addrinfo *entry = list; entry && count < capacity; entry = entry->ai_next) {
        struct clinux_address *address = &addresses[count];
        memset(address, 0, sizeof *address);
        if (entry->ai_family == AF_INET) {
            const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)entry->ai_addr;
            address->family = 4;
            address->low = ntohl(ipv4->sin_addr.s_addr);
            count++;
        } else if (entry->ai_family == AF_INET6) {
            const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)entry->ai_addr;
            address->family = 6;
            for (int i = 0; i < 8; i++) {
                address->high = address->high << 8 | ipv6->sin6_addr.s6_addr[i];
                address->low = address->low << 8 | ipv6->sin6_addr.s6_addr[i + 8];
            }
            count++;
        }
    }
    freeaddrinfo(list);
    return count;
}

int clinux_notify(const char *state) {
    const char *path = getenv("NOTIFY_SOCKET");
    if (!path || !*path) return 0;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length >= sizeof address.sun_path) return -EINVAL;
    memcpy(address.sun_path, path, length);
    // A leading @ stands for the abstract namespace.
    if (path[0] == '@') address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    // A manager that hangs must not take us with it.
    struct timeval limit = {.tv_usec = 100000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    ssize_t sent;
    do sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    while (sent < 0 && errno == EINTR);
    int error = sent < 0 ? -errno : 0;
    close(fd);
    return error;
}

int clinux_detach(void) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    pid_t child = fork();
    if (child < 0) {
        int error = -errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    if (child == 0) {
        close(ends[0]);
        setsid();
        return ends[1];
    }
    close(ends[1]);
    char byte;
    ssize_t got;
    do got = read(ends[0], &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1) _exit(0);
    // The child has ended before it was ready, and has said why.
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    _exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
}

int clinux_leave_terminal(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return -errno;
    for (int fd = 0; fd <= 2; fd++) dup2(null, fd);
    if (null > 2) close(null);
    return 0;
}

void clinux_set_signal(int number, bool is_ignored) { signal(number, is_ignored ? SIG_IGN : SIG_DFL); }

int clinux_detached(int descriptor) {
    int left = clinux_leave_terminal();
    if (left < 0) return left;
    int error = write_all(descriptor, "", 1);
    close(descriptor);
    return error;
}

int clinux_write_pid(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return -errno;
    char text[24];
    int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    int error = write_all(fd, text, (size_t)length);
    if (close(fd) < 0 && !error) error = -errno;
    // An empty file would be read as a number by somebody.
    if (error) unlink(path);
    return error;
}

int clinux_remove_pid(const char *path) {
    char text[24] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0 || atoi(text) != (int)getpid()) return 0;
    return unlink(path) < 0 ? -errno : 0;
}
