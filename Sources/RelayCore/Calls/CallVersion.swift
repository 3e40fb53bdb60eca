package import WireFormat

/// Tells calls apart that use the same Call-ID one after the other: when and where a call was first seen.
package struct CallInstance: Hashable, Sendable, Comparable {
    /// Microseconds since the epoch at which the call was created.
    package let created: UInt64
    /// The relay that created it.
    package let node: String

    package init(created: UInt64, node: String) { (self.created, self.node) = (created, node) }

    /// The later call is the greater one; two of the same microsecond are ordered by node, alike everywhere.
    package static func < (left: CallInstance, right: CallInstance) -> Bool {
        (left.created, left.node) < (right.created, right.node)
    }
}

/// Which relay may time a call out, end it and write its record.
package struct Ownership: Hashable, Sendable, Comparable {
    package var node: String
    /// Rises by one with every change of owner, and decides between two relays that both believe to own the call.
    package var epoch: UInt64

    package init(node: String, epoch: UInt64) { (self.node, self.epoch) = (node, epoch) }

    package static func < (left: Ownership, right: Ownership) -> Bool {
        (left.epoch, left.node) < (right.epoch, right.node)
    }
}

/// Which of two states of a Call-ID is the newer one: a later call, then a later owner, then a later change.
package struct CallVersion: Hashable, Sendable, Comparable {
    package var instance: CallInstance
    package var ownership: Ownership
    /// Counts the changes that its owner has made.
    package var revision: UInt64

    package init(instance: CallInstance, ownership: Ownership, revision: UInt64) {
        (self.instance, self.ownership, self.revision) = (instance, ownership, revision)
    }

    package static func < (left: CallVersion, right: CallVersion) -> Bool {
        (left.instance, left.ownership, left.revision) < (right.instance, right.ownership, right.revision)
    }
}

/// That a call is over, for the store and for other relays.
package struct CallEnding: Hashable, Sendable {
    package let callID: ByteString
    /// Of the call's last state.
    package let version: CallVersion
    /// Ended by a command: whatever another relay still knows of this instance is out of date, whoever owns it. Otherwise
    /// a relay gave the call up, which counts for nothing once anybody knows something newer of it.
    package let isFinal: Bool

    package init(callID: ByteString, version: CallVersion, isFinal: Bool) {
        (self.callID, self.version, self.isFinal) = (callID, version, isFinal)
    }

    /// Whether this ends a call in that state.
    package func ends(_ other: CallVersion) -> Bool {
        guard other.instance == version.instance else { return other.instance < version.instance }
        return isFinal || other <= version
    }
}
