// The header of Debian's libhiredis-dev; nothing of ours.
#include <hiredis/hiredis.h>
