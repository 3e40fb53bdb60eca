import WireFormat

extension CallScene {
    struct Course: Sendable {
        let name: String
        let play: @Sendable (Phones) async throws -> Void
    }

    static let courses: [Course] = [
        Course(name: "hold and resume by re-INVITE") { call in
            let (dialog, _, invite, ok) = try await call.connect()
            try await call.talk(invite, ok)
            let held = try await call.renegotiate(
                "INVITE", 2, dialog, call.alice.sdp(direction: "sendonly", version: 2),
                call.bob.sdp(direction: "recvonly", version: 2))
            try expect(held.toBob.media == invite.media && held.toAlice.media == ok.media, "ports change on hold")
            try expect(held.toBob.body.contains("a=sendonly"), "bob is not told of the hold")
            try await call.alice.play(to: held.toAlice.media[0], heardBy: call.bob)
            let resumed = try await call.renegotiate(
                "INVITE", 3, dialog, call.alice.sdp(version: 3), call.bob.sdp(version: 3))
            try await call.talk(resumed.toBob, resumed.toAlice)
            try await call.hangUp(dialog)
        },
        Course(name: "hold by UPDATE") { call in
            let (dialog, _, invite, ok) = try await call.connect()
            let held = try await call.renegotiate(
                "UPDATE", 2, dialog, call.alice.sdp(direction: "inactive", version: 2),
                call.bob.sdp(direction: "inactive", version: 2))
            try expect(held.toBob.media == invite.media && held.toAlice.media == ok.media, "ports change on hold")
            let resumed = try await call.renegotiate(
                "UPDATE", 3, dialog, call.alice.sdp(version: 3), call.bob.sdp(version: 3))
            try await call.talk(resumed.toBob, resumed.toAlice)
            try await call.hangUp(dialog)
        },
        Course(name: "forked call: bob rings with early media, carol answers") { call in
            try await call.alice.invite(
                call.bob, call.callID, headers: ["X-Fork: \(call.carol.uri)"], sdp: call.alice.sdp())
            let toBob = try await call.bob.receive("INVITE", call.callID)
            let toCarol = try await call.carol.receive("INVITE", call.callID)
            try await call.bob.reply("183 Session Progress", to: toBob, sdp: call.bob.sdp())
            let early = try await call.alice.receive("183", call.callID)
            try await call.bob.play(to: toBob.media[0], heardBy: call.alice)
            try await call.carol.reply("200 OK", to: toCarol, sdp: call.carol.sdp())
            let ok = try await call.alice.receive("200", call.callID)
            try expect(ok.media == early.media, "alice is told \(ok.media) by carol, \(early.media) by bob")
            let dialog = call.alice.dialog(answered: ok)
            try await call.alice.request("ACK", 1, in: dialog)
            _ = try await call.carol.receive("ACK", call.callID)
            try await call.bob.reply("200 OK", to: call.bob.receive("CANCEL", call.callID))
            try await call.bob.reply("487 Request Terminated", to: toBob)
            _ = try await call.bob.receive("ACK", call.callID)
            try await call.alice.play(to: ok.media[0], heardBy: call.carol)
            try await call.carol.play(to: toCarol.media[0], heardBy: call.alice)
            try await call.alice.request("BYE", 9, in: dialog)
            try await call.carol.reply("200 OK", to: call.carol.receive("BYE", call.callID))
        },
        Course(name: "delayed offer") { call in
            try await call.alice.invite(call.bob, call.callID, sdp: [])
            let invite = try await call.bob.receive("INVITE", call.callID)
            try await call.bob.reply("200 OK", to: invite, sdp: call.bob.sdp())
            let ok = try await call.alice.receive("200", call.callID)
            let dialog = call.alice.dialog(answered: ok)
            try await call.alice.request("ACK", 1, in: dialog, sdp: call.alice.sdp())
            let ack = try await call.bob.receive("ACK", call.callID)
            try await call.talk(ack, ok)
            try await call.hangUp(dialog)
        },
        Course(name: "CANCEL while it rings") { call in
            let invite = try await call.alice.invite(call.bob, call.callID, sdp: call.alice.sdp())
            let request = try await call.bob.receive("INVITE", call.callID)
            try await call.bob.reply("180 Ringing", to: request)
            _ = try await call.alice.receive("180", call.callID)
            try await call.alice.follow(invite, with: "CANCEL")
            try await call.bob.reply("200 OK", to: call.bob.receive("CANCEL", call.callID))
            try await call.bob.reply("487 Request Terminated", to: request)
            let refusal = try await call.alice.receive("487", call.callID)
            try await call.alice.follow(invite, with: "ACK", to: refusal.value("To"))
        },
        Course(name: "refused with 486") { call in
            let invite = try await call.alice.invite(call.bob, call.callID, sdp: call.alice.sdp())
            let request = try await call.bob.receive("INVITE", call.callID)
            try expect(!request.media.isEmpty, "no media for bob")
            try await call.bob.reply("486 Busy Here", to: request)
            let refusal = try await call.alice.receive("486", call.callID)
            try await call.alice.follow(invite, with: "ACK", to: refusal.value("To"))
        },
        Course(name: "IPv4 to IPv6") { call in
            let (dialog, _, invite, ok) = try await call.connect(headers: ["X-Relay: address-family=IP6"])
            try expect(invite.media.first?.address.family == .ipv6, "bob is not offered IPv6")
            try expect(ok.media.first?.address.family == .ipv4, "alice is not answered with IPv4")
            try await call.talk(invite, ok)
            try await call.hangUp(dialog)
        },
        Course(name: "audio and video") { call in
            let sections = ["m=audio PORT RTP/AVP 8", "m=video PORT2 RTP/AVP 34"]
            let (dialog, _, invite, ok) = try await call.connect(call.alice.sdp(sections), call.bob.sdp(sections))
            try expect(Set(invite.media + ok.media).count == 4, "media share ports")
            try await call.talk(invite, ok)
            try await call.talk(invite, ok, section: 1)
            try await call.hangUp(dialog)
        },
        Course(name: "speech turns to fax") { call in
            let (dialog, _, invite, ok) = try await call.connect()
            try await call.talk(invite, ok)
            let fax = ["m=image PORT udptl t38", "a=T38FaxVersion:0"]
            let changed = try await call.renegotiate(
                "INVITE", 2, dialog, call.alice.sdp(fax, version: 2), call.bob.sdp(fax, version: 2))
            try expect(changed.toBob.body.contains("a=T38FaxVersion:0"), "the fax parameters are lost")
            try await call.talk(changed.toBob, changed.toAlice, isRTP: false)
            try await call.hangUp(dialog)
        },
    ]

    private static func expect(_ condition: Bool, _ complaint: String) throws {
        if !condition { throw Failure(complaint) }
    }
}
