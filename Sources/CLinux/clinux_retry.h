/// For C of this package only.
#pragma once

#include <errno.h>

/// A system call, again when a signal has interrupted it: its result, or -errno.
#define RETRY(call) ({ long r_; do r_ = (call); while (r_ < 0 && errno == EINTR); r_ < 0 ? -errno : r_; })
