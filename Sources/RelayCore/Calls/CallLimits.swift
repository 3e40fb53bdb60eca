/// How large one call can get. Who sends INVITEs, or can write to the store, chooses its tags, branches and media.
package enum CallLimits {
    /// Sides of a call, those of forked branches included. Every command and every sweep looks at each of them, some at each
    /// for each.
    package static let sides = 128
    /// Pairs of ports in a record.
    package static let ports = 512
}
