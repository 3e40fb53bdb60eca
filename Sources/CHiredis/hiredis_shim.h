// The header of Debian's libhiredis-dev, and one limit that the library does not have.
#include <hiredis/hiredis.h>

// Arrays that a server announces are allocated before their elements arrive. No answer to us has as many.
#define RELAY_REDIS_MAX_ELEMENTS 65536

#if HIREDIS_MAJOR >= 1
typedef size_t relay_redis_count;
#else
typedef int relay_redis_count;
#endif

// The library's own functions, which a reader of ours has as its private data.
static inline redisReplyObjectFunctions *relay_redis_own(const redisReadTask *task) {
    return (redisReplyObjectFunctions *)task->privdata;
}
static inline void *relay_redis_string(const redisReadTask *task, char *text, size_t length) {
    return relay_redis_own(task)->createString(task, text, length);
}
// NULL ends the connection with an error.
static inline void *relay_redis_array(const redisReadTask *task, relay_redis_count elements) {
    return elements > RELAY_REDIS_MAX_ELEMENTS ? NULL : relay_redis_own(task)->createArray(task, elements);
}
static inline void *relay_redis_integer(const redisReadTask *task, long long value) {
    return relay_redis_own(task)->createInteger(task, value);
}
static inline void *relay_redis_nil(const redisReadTask *task) { return relay_redis_own(task)->createNil(task); }
#if HIREDIS_MAJOR >= 1
static inline void *relay_redis_double(const redisReadTask *task, double value, char *text, size_t length) {
    return relay_redis_own(task)->createDouble(task, value, text, length);
}
static inline void *relay_redis_bool(const redisReadTask *task, int value) {
    return relay_redis_own(task)->createBool(task, value);
}
#endif

// Makes a reader refuse answers with too many elements.
static inline void relay_redis_limit(redisReader *reader) {
    static redisReplyObjectFunctions limited = {
        .createString = relay_redis_string, .createArray = relay_redis_array, .createInteger = relay_redis_integer,
        .createNil = relay_redis_nil, .freeObject = freeReplyObject,
#if HIREDIS_MAJOR >= 1
        .createDouble = relay_redis_double, .createBool = relay_redis_bool,
#endif
    };
    reader->privdata = reader->fn;
    reader->fn = &limited;
}
