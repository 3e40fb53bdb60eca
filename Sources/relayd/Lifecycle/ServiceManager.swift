internal import RelayCore

/// The service manager that started us, if one did (`sd_notify`).
enum ServiceManager {
    /// Everything listens.
    static func ready() throws(SystemError) { try SystemService.notify("READY=1") }
    /// We were asked to end.
    static func stopping() throws(SystemError) { try SystemService.notify("STOPPING=1") }
}
