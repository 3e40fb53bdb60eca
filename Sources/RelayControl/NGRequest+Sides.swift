internal import NGProtocol
internal import RelayCore
internal import WireFormat

extension NGRequest {
    /// Whose media a command is about: by tag, else by label, else by address, else everybody's.
    var sender: SideSelector {
        if let all, all != .none { return .everyone }
        if let fromTag { return .tag(fromTag) }
        if let label { return .label(label) }
        if let address, let literal = IPAddress(address.bytes.span) { return .address(literal) }
        return .everyone
    }

    /// To whom that media goes, when the command is about one flow.
    var receiver: SideSelector {
        guard sender != .everyone else { return .everyone }
        if let toTag { return .tag(toTag) }
        return toLabel.map { .label($0) } ?? .everyone
    }
}
