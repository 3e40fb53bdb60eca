/// libbpf, and its calls that take options structures in a form that Swift can write: same meaning, `-errno` on failure.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>

/// `BPF_TCX_INGRESS`, which the headers of Debian 12 do not have yet.
enum { CBPF_TCX_INGRESS = 46 };

/// Attaches a program to an interface by a link, with the flags of that kind of attachment. Returns the link.
static inline int cbpf_link_create(int program, int interface, int type, unsigned int flags) {
    struct bpf_link_create_opts options = {.sz = sizeof options, .flags = flags};
    return bpf_link_create(program, interface, (enum bpf_attach_type)type, &options);
}

/// Adds a program as a filter at the ingress of an interface (clsact), or gives the filter another program.
static inline int cbpf_tc_attach(int program, int interface, unsigned int handle, unsigned int priority) {
    struct bpf_tc_hook hook = {.sz = sizeof hook, .ifindex = interface, .attach_point = BPF_TC_INGRESS};
    int created = bpf_tc_hook_create(&hook);
    if (created < 0 && created != -EEXIST) return created;
    struct bpf_tc_opts options = {
        .sz = sizeof options, .prog_fd = program, .flags = BPF_TC_F_REPLACE, .handle = handle, .priority = priority};
    return bpf_tc_attach(&hook, &options);
}

/// Removes that filter. The queueing discipline stays: others may use it.
static inline int cbpf_tc_detach(int interface, unsigned int handle, unsigned int priority) {
    struct bpf_tc_hook hook = {.sz = sizeof hook, .ifindex = interface, .attach_point = BPF_TC_INGRESS};
    struct bpf_tc_opts options = {.sz = sizeof options, .handle = handle, .priority = priority};
    return bpf_tc_detach(&hook, &options);
}

/// What a program is run with, and what it returns.
struct cbpf_run {
    const void *packet;
    unsigned int packet_size;
    void *output;
    /// Of the room, and then of what is in it.
    unsigned int output_size;
    const void *context;
    unsigned int context_size;
    int repeat;
    unsigned int flags;
    unsigned int verdict;
    /// Of one run, in nanoseconds.
    unsigned int duration;
};

/// Runs a program on a packet (`BPF_PROG_TEST_RUN`).
static inline int cbpf_run(int program, struct cbpf_run *run) {
    struct bpf_test_run_opts options = {
        .sz = sizeof options,
        .data_in = run->packet,
        .data_size_in = run->packet_size,
        .data_out = run->output,
        .data_size_out = run->output_size,
        .ctx_in = run->context,
        .ctx_size_in = run->context_size,
        .repeat = run->repeat,
        .flags = run->flags,
    };
    int result = bpf_prog_test_run_opts(program, &options);
    run->output_size = options.data_size_out;
    run->verdict = options.retval;
    run->duration = options.duration;
    return result;
}
