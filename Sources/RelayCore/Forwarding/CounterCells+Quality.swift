extension CounterCells.Writer {
    /// Makes what every packet changes readable for others: two stores, and one more when something is wrong.
    @inline(__always)
    func publish(_ quality: StreamQuality, of slot: Int) {
        set(UInt64(quality.highestSequence) << 32 | UInt64(quality.lastTimestamp), in: .sequence, of: slot)
        set(
            UInt64(UInt32(bitPattern: quality.faults.lost)) << 32 | UInt64(quality.jitter), in: .lossAndJitter, of: slot
        )
        let faults = quality.faults
        set(
            UInt64(faults.duplicates) << 48 | UInt64(faults.reordered) << 32 | UInt64(faults.gaps) << 16
                | UInt64(faults.restarts), in: .faults, of: slot)
    }

    /// Makes the samples readable for others.
    func publish(_ summary: QualitySummary, of slot: Int) {
        set(
            UInt64(summary.samples) << 32 | UInt64(UInt32(bitPattern: summary.reportedLoss)), in: .samples, of: slot)
        set(UInt64(summary.mosSum) << 32 | UInt64(summary.lossSum), in: .mosAndLoss, of: slot)
        set(summary.jitterSum, in: .jitterSum, of: slot)
        set(summary.roundTripSum, in: .roundTripSum, of: slot)
        set(summary.legRoundTripSum, in: .legRoundTripSum, of: slot)
        set(UInt64(summary.reports) << 32 | UInt64(summary.roundTrips), in: .roundTrips, of: slot)
        publish(summary.lowest, in: .lowest, .lowestTimes, of: slot)
        publish(summary.highest, in: .highest, .highestTimes, of: slot)
        publish(summary.latest, in: .latest, .latestTimes, of: slot)
    }

    private func publish(
        _ sample: QualitySample?, in cell: CounterCells.Cell, _ times: CounterCells.Cell, of slot: Int
    ) {
        guard let sample else { return }
        set(
            UInt64(sample.mos) << 56 | UInt64(sample.packetLoss) << 48 | UInt64(sample.jitter) << 32
                | UInt64(sample.roundTripTime), in: cell, of: slot)
        set(UInt64(sample.legRoundTripTime) << 32 | UInt64(sample.reportedAt), in: times, of: slot)
    }
}

extension CounterCells {
    /// What was published of a slot's quality. Any thread; numbers that belong together may be a packet apart.
    func quality(of slot: Int) -> SourceQuality {
        var quality = SourceQuality()
        let (sequence, loss) = (value(slot: slot, .sequence), value(slot: slot, .lossAndJitter))
        (quality.lastSequence, quality.lastTimestamp) = (UInt32(sequence >> 32), UInt32(truncatingIfNeeded: sequence))
        quality.lost = Int32(bitPattern: UInt32(loss >> 32))
        quality.jitter = UInt32(truncatingIfNeeded: loss)
        let faults = value(slot: slot, .faults)
        (quality.duplicates, quality.reordered) = (UInt16(faults >> 48), UInt16(truncatingIfNeeded: faults >> 32))
        (quality.gaps, quality.restarts) = (
            UInt16(truncatingIfNeeded: faults >> 16), UInt16(truncatingIfNeeded: faults)
        )
        quality.summary = summary(of: slot)
        return quality
    }

    private func summary(of slot: Int) -> QualitySummary {
        var summary = QualitySummary()
        let samples = value(slot: slot, .samples)
        summary.samples = UInt32(samples >> 32)
        guard summary.samples > 0 else { return summary }
        summary.reportedLoss = Int32(truncatingIfNeeded: samples)
        let sums = value(slot: slot, .mosAndLoss)
        (summary.mosSum, summary.lossSum) = (UInt32(sums >> 32), UInt32(truncatingIfNeeded: sums))
        summary.jitterSum = value(slot: slot, .jitterSum)
        summary.roundTripSum = value(slot: slot, .roundTripSum)
        summary.legRoundTripSum = value(slot: slot, .legRoundTripSum)
        let trips = value(slot: slot, .roundTrips)
        (summary.reports, summary.roundTrips) = (UInt32(trips >> 32), UInt32(truncatingIfNeeded: trips))
        summary.lowest = sample(slot, .lowest, .lowestTimes)
        summary.highest = sample(slot, .highest, .highestTimes)
        summary.latest = sample(slot, .latest, .latestTimes)
        return summary
    }

    private func sample(_ slot: Int, _ cell: Cell, _ times: Cell) -> QualitySample? {
        let (values, times) = (value(slot: slot, cell), value(slot: slot, times))
        guard values != 0 else { return nil }
        var sample = QualitySample(
            mos: UInt8(values >> 56), roundTripTime: UInt32(truncatingIfNeeded: values),
            legRoundTripTime: UInt32(times >> 32), jitter: UInt16(truncatingIfNeeded: values >> 32),
            packetLoss: UInt8(truncatingIfNeeded: values >> 48))
        sample.reportedAt = UInt32(truncatingIfNeeded: times)
        return sample
    }
}
