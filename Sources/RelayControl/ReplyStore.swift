internal import DequeModule

/// Octets of replies, one after the other in a few large pieces of memory: first in, first out, more or less.
struct ReplyStore: Sendable {
    /// Where a reply is.
    struct Place: Sendable {
        fileprivate let block: Int
        fileprivate let start: Int
        fileprivate let length: Int
    }

    private struct Block {
        var bytes: [UInt8] = []
        /// Replies in it that were not removed yet.
        var count = 0
    }

    /// Octets of a block; a reply that is longer has one of its own.
    private static let blockSize = 256 * 1024

    /// Oldest first. The last one is being filled.
    private var blocks: Deque<Block> = []
    /// The number of the first block.
    private var first = 0
    /// An emptied block, whose memory is used again.
    private var spare: [UInt8]?
    /// Octets that all blocks take.
    private(set) var size = 0

    subscript(place: Place) -> [UInt8] {
        Array(blocks[place.block - first].bytes[place.start..<place.start + place.length])
    }

    mutating func append(_ reply: [UInt8]) -> Place {
        if blocks.last.map({ $0.bytes.count + reply.count > Self.blockSize }) ?? true { addBlock(for: reply) }
        let last = blocks.count - 1
        let start = blocks[last].bytes.count
        blocks[last].bytes.append(contentsOf: reply)
        blocks[last].count += 1
        return Place(block: first + last, start: start, length: reply.count)
    }

    private mutating func addBlock(for reply: [UInt8]) {
        var block = Block(bytes: spare.take() ?? [])
        block.bytes.reserveCapacity(max(Self.blockSize, reply.count))
        size += max(Self.blockSize, reply.count)
        blocks.append(block)
    }

    /// The place is not valid any more. Memory comes free when nothing in a block, and in those before it, is used.
    mutating func remove(_ place: Place) {
        blocks[place.block - first].count -= 1
        while blocks.count > 1, blocks[0].count == 0 {
            var bytes = blocks.removeFirst().bytes
            first += 1
            size -= max(Self.blockSize, bytes.count)
            guard bytes.count <= Self.blockSize else { continue }
            bytes.removeAll(keepingCapacity: true)
            spare = bytes
        }
    }
}
