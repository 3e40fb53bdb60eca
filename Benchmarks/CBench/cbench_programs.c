#define _GNU_SOURCE
#include "cbench.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attributes) {
    long result = syscall(SYS_bpf, command, attributes, sizeof *attributes);
    return result < 0 ? -errno : (int)result;
}

int cbench_program_statistics(void) {
    union bpf_attr attributes = {.enable_stats = {.type = BPF_STATS_RUN_TIME}};
    return bpf(BPF_ENABLE_STATS, &attributes);
}

int cbench_empty_program(void) {
    static const struct bpf_insn instructions[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_EXIT},
    };
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_XDP;
    attributes.insns = (uintptr_t)instructions;
    attributes.insn_cnt = sizeof instructions / sizeof *instructions;
    attributes.license = (uintptr_t) "GPL";
    return bpf(BPF_PROG_LOAD, &attributes);
}

int cbench_run_program(int fd, uint32_t repetitions) {
    static const char frame[64];
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.test.prog_fd = (uint32_t)fd;
    attributes.test.data_in = (uintptr_t)frame;
    attributes.test.data_size_in = sizeof frame;
    attributes.test.repeat = repetitions;
    return bpf(BPF_PROG_TEST_RUN, &attributes);
}
