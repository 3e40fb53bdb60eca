#define _GNU_SOURCE
#include "cbench.h"
#include "clinux_retry.h"

#include <dirent.h>
#include <fcntl.h>
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

static struct timespec to_timespec(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

int cbench_wait_input(int fd, uint64_t timeout_ns) {
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    struct timespec timeout = to_timespec(timeout_ns);
    int ready = ppoll(&watched, 1, &timeout, NULL);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    return ready;
}

void cbench_fine_timers(void) { prctl(PR_SET_TIMERSLACK, 1); }

void cbench_sleep_until(uint64_t deadline_ns) {
    struct timespec deadline = to_timespec(deadline_ns);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &deadline, NULL);
}

static volatile sig_atomic_t interrupt_seen;

static void note_interrupt(int signal) {
    (void)signal;
    interrupt_seen = 1;
}

void cbench_catch_interrupt(void) {
    struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cbench_interrupted(void) { return interrupt_seen != 0; }

int cbench_spawn(const char *path, char *const arguments[], int output) {
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

int cbench_signal_group(int pid, int signal) { return kill(-pid, signal) < 0 ? -errno : 0; }

int cbench_reap(int pid, int *status) {
    long ended = RETRY(waitpid(pid, status, WNOHANG));
    return ended < 0 ? (int)ended : ended > 0;
}

int64_t cbench_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    return (int64_t)limit.rlim_cur;
}

int cbench_temporary_file(void) { return RETRY(memfd_create("output", MFD_CLOEXEC)); }

ssize_t cbench_read_from_start(int fd, void *buffer, size_t capacity) { return RETRY(pread(fd, buffer, capacity, 0)); }

int cbench_enter_network(int fd) { return RETRY(setns(fd, CLONE_NEWNET)); }

ssize_t cbench_read_link(const char *path, char *buffer, size_t capacity) {
    return RETRY(readlink(path, buffer, capacity));
}

int cbench_list_numbers(const char *path, uint32_t *numbers, int capacity) {
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
