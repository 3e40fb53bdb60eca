/// What would become of a relay's calls if its process ended now.
package struct CallSafety: Equatable, Sendable {
    /// The kernel goes on forwarding them.
    package var isCarried: Bool
    /// The next process finds them in the store; or there are none.
    package var isShared: Bool
    /// No other relay could go on with them meanwhile.
    package var isAlone: Bool

    package init(isCarried: Bool = false, isShared: Bool = false, isAlone: Bool = false) {
        (self.isCarried, self.isShared, self.isAlone) = (isCarried, isShared, isAlone)
    }
}
