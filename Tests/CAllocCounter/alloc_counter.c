#define _GNU_SOURCE
#include "CAllocCounter.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

// What glibc's own are called as well.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

enum { CELLS = 1 << 16 };
static uint64_t cells[CELLS];
static _Thread_local uint64_t *own __attribute__((tls_model("initial-exec")));

static uint64_t *cell(void) {
    if (!own) own = &cells[(unsigned)gettid() % CELLS];
    return own;
}

static void count(void) { __atomic_fetch_add(cell(), 1, __ATOMIC_RELAXED); }

uint64_t alloc_counter_here(void) { return __atomic_load_n(cell(), __ATOMIC_RELAXED); }
uint64_t alloc_counter_of(int thread) { return __atomic_load_n(&cells[(unsigned)thread % CELLS], __ATOMIC_RELAXED); }

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) || alignment & (alignment - 1) || !alignment) return EINVAL;
    void *got = memalign(alignment, size);
    if (!got) return ENOMEM;
    *memory = got;
    return 0;
}
