import RelayStore

/// Any octets as the answers of a Redis server: they are read or refused.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRedisReply(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    precondition(RedisAnswers.examine(input) <= input.count, "more answers than octets")
    return 0
}
