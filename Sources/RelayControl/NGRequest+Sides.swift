internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGRequest {
    /// Whose media a command is about: by label, else by address, else by tag, else everybody's.
    var sender: SideSelector {
        get throws(NGError) {
            if all == .all { return .all }
            if let label { return .label(label) }
            if let address {
                guard let literal = IPAddress(address.bytes.span) else { throw NGError(.malformedAddress) }
                return .address(literal)
            }
            return fromTag.map { .tag($0) } ?? .everyone
        }
    }

    /// To whom that media goes, when the command is about one flow; of no account when it is about everybody's media.
    var receiver: SideSelector {
        if let toTag { return .tag(toTag) }
        return toLabel.map { .label($0) } ?? .everyone
    }
}
