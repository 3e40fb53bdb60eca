internal import Synchronization

extension Relay {
    /// Takes down how a call's sources are heard, and adds samples that are new to the sums that metrics show.
    func noteQuality(in state: inout CallState) {
        for side in state.participants.indices {
            for index in state.participants[side].media.indices {
                guard let port = state.participants[side].media[index].portInUse, port.isRTP else { continue }
                noteQuality(plane.counters(of: port.rtp.slot), at: port, of: side, index, in: &state)
            }
        }
    }

    /// As `noteQuality`, and adds up what the call's ports have counted. Reads each of them once: a sweep looks at every
    /// port of every call.
    ///
    /// - Parameter heard: gets the time of the last packet at each port, in place of what is in it.
    func survey(
        _ state: inout CallState, _ traffic: inout InterfaceTable.TrafficSurvey, _ heard: inout [SlotID: UInt64]
    ) {
        heard.removeAll(keepingCapacity: true)
        func read(_ handle: StreamHandle) -> StreamCounters {
            let counters = plane.counters(of: handle.slot)
            traffic.add(counters, at: handle.local.address)
            heard[handle.slot] = counters.lastPacket
            return counters
        }
        for side in state.participants.indices {
            for index in state.participants[side].media.indices {
                let media = state.participants[side].media[index]
                for port in media.ports {
                    let counters = read(port.rtp)
                    if let rtcp = port.rtcp { _ = read(rtcp) }
                    // Of the others, only the traffic counts.
                    guard port.isRTP, port.rtp.slot == media.portInUse?.rtp.slot else { continue }
                    noteQuality(counters, at: port, of: side, index, in: &state)
                }
            }
        }
    }

    private func noteQuality(
        _ counters: StreamCounters, at port: LocalPort, of side: Int, _ index: Int, in state: inout CallState
    ) {
        let last = state.participants[side].media[index].sources.last
        // A look at a stream without a new sample costs nothing.
        guard let ssrc = counters.ssrc, let summary = counters.quality?.summary, summary.samples > 0,
            last?.ssrc != ssrc || last?.summary.samples != summary.samples
        else { return }
        let news = state.participants[side].media[index].sources.note(summary, of: ssrc)
        guard news.samples > 0 else { return }
        statistics.add(news)
        port.interface.quality.withLock { $0.add(news) }
    }
}
