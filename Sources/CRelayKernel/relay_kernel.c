// The header is all there is: compiled here too, so that its assertions hold on this side as well.
#include "relay_kernel.h"
