/// Counts what each thread asks of the memory allocator. A program that links this has its own malloc, which counts and
/// hands on to glibc's.
#pragma once

#include <stdint.h>

/// How often the calling thread has asked for memory, from its start on.
uint64_t alloc_counter_here(void);
/// The same of another thread of this process, by its id. Threads whose ids are the same in their last sixteen bits are
/// counted together.
uint64_t alloc_counter_of(int thread);
