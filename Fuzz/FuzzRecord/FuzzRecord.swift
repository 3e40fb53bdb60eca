import RelayCore
import RelayStore
import WireFormat

/// Any octets as the stored record of a call: they are read or refused, what was read can be written and read again, and
/// the order of records is one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecord(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // SAFETY: libFuzzer hands over `count` octets that can be read for the time of this call.
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let header = RecordHeader(input.span)
    guard let record = try? SessionRecord(input, of: "x") else { return 0 }
    precondition(record.header == header, "a record with two headers")
    let written = record.encoded
    guard let again = try? SessionRecord(written, of: "x") else { fatalError("cannot read what was written") }
    precondition(again == record, "read something else than was written")
    guard case .live(let snapshot) = record else { return 0 }
    var changed = snapshot.version
    changed.revision += 1
    let later = RecordHeader(version: changed, state: .live)
    precondition(record.header < later && !(later < record.header), "a change is no later state")
    return 0
}
