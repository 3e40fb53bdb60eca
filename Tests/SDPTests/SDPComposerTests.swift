import SDP
import Testing
import WireFormat

@Suite struct SDPComposerTests {
    @Test func offerInFixedOrder() throws {
        let output = try rewrite(aliceOffer, [relayed { $0.ptime = 20 }], origin: relayAddress)
        #expect(
            output == """
                v=0
                o=alice 111 222 IN IP4 203.0.113.1
                s=-
                t=0 0
                m=audio 30000 RTP/AVP 8 0 101
                c=IN IP4 203.0.113.1
                a=rtpmap:8 PCMA/8000
                a=rtpmap:0 PCMU/8000
                a=rtpmap:101 telephone-event/8000
                a=fmtp:101 0-15
                a=X-foo:bar
                a=sendrecv
                a=rtcp:30001
                a=ptime:20

                """)
    }

    @Test func lineFeedsAloneAndConnectionInTheSection() throws {
        let input = """
            v=0\no=- 1 1 IN IP4 198.51.100.1\ns=x\ni=info\nb=AS:80\nt=0 0\na=tool:foo
            m=audio 4000 RTP/AVP 18 96\nc=IN IP4 198.51.100.1\nb=AS:64\na=rtpmap:18 G729/8000\na=fmtp:18 annexb=no
            a=rtpmap:96 opus/48000/2\na=fmtp:96 useinbandfec=1\na=mid:1\na=silenceSupp:off - - - -\na=ptime:30
            a=maxptime:60\na=rtcp:4005

            """
        let document = try SDPDocument(parsing: Array(input.utf8))
        let media = try #require(document.media.first)
        #expect((media.ptime, media.maxptime) == (30, 60))
        #expect(media.rtcp?.port == 4005)
        #expect(media.mid == "1")
        #expect(media.firstCodec == "G729/8000")
        var change = SDPRewrite()
        change.media = [relayed { ($0.mid, $0.ptime, $0.maxptime) = (media.mid, 30, 60) }]
        #expect(
            text(document.composed(with: change)) == """
                v=0
                o=- 1 1 IN IP4 198.51.100.1
                s=x
                i=info
                b=AS:80
                t=0 0
                a=tool:foo
                m=audio 30000 RTP/AVP 18 96
                c=IN IP4 203.0.113.1
                b=AS:64
                a=mid:1
                a=rtpmap:18 G729/8000
                a=fmtp:18 annexb=no
                a=rtpmap:96 opus/48000/2
                a=fmtp:96 useinbandfec=1
                a=silenceSupp:off - - - -
                a=sendrecv
                a=rtcp:30001
                a=ptime:30
                a=maxptime:60

                """)
    }

    @Test func rtcpMux() throws {
        let offer = session("m=audio 4000 RTP/AVP 0\na=rtcp:4000\na=rtcp-mux")
        #expect(try parse(offer).media.first?.rtcpMux == true)
        let output = try rewrite(offer, [relayed { $0.rtcpMux = true }])
        #expect(output.hasSuffix("a=sendrecv\na=rtcp:30001\na=rtcp-mux\n"))
    }

    @Test func fullRTCPAttribute() throws {
        let output = try rewrite(aliceOffer, [relayed { $0.rtcp = .full(30001, relayAddress) }])
        #expect(output.hasSuffix("a=sendrecv\na=rtcp:30001 IN IP4 203.0.113.1\n"))
    }

    @Test(arguments: [[MediaRewrite.rejected(family: .ipv4, mid: "1")], []])
    func allRejected(_ media: [MediaRewrite]) throws {
        let output = try rewrite(session("m=audio 0 RTP/AVP 18\na=mid:1\na=sendrecv"), media)
        #expect(output.hasSuffix("t=0 0\nm=audio 0 RTP/AVP 18\nc=IN IP4 0.0.0.0\na=mid:1\n"))
    }

    @Test func rejectedWithoutAnyConnection() throws {
        let document = try parse("v=0\no=- 1 1 IN IP4 198.51.100.1\ns=-\nt=0 0\nm=audio 0 RTP/AVP 18")
        #expect(document.media.first?.isRejected == true)
        #expect(document.media.first?.connection == .unspecified(.ipv4))
    }

    @Test(arguments: MediaDirection.allCases)
    func direction(_ direction: MediaDirection) throws {
        let offer = session("m=audio 4000 RTP/AVP 0\na=\(direction.name)")
        #expect(try parse(offer).media.first?.direction == direction)
        let output = try rewrite(offer, [relayed { $0.direction = direction }])
        #expect(output.contains("\na=rtpmap:0 PCMU/8000\na=\(direction.name)\na=rtcp:30001\n"))
    }

    @Test func sectionDirectionBeatsTheSession() throws {
        let document = try parse(
            session("a=inactive\nm=audio 4000 RTP/AVP 0\na=sendonly\nm=audio 4002 RTP/AVP 0"))
        #expect(document.media.map(\.direction) == [.sendonly, .inactive])
        var change = SDPRewrite()
        change.media = document.media.map { _ in relayed { $0.keepsDirectionLine = true } }
        let output = text(document.composed(with: change))
        #expect(output.split(separator: "\n").filter { $0 == "a=sendonly" || $0 == "a=inactive" }.count == 2)
        #expect(
            try !rewrite(aliceOffer.replacing("a=sendrecv\n", with: ""), [relayed { $0.keepsDirectionLine = true }])
                .contains("a=sendrecv"))
    }

    @Test func holdByZeroAddress() throws {
        let offer = aliceOffer.replacing("c=IN IP4 198.51.100.1", with: "c=IN IP4 0.0.0.0")
        #expect(try parse(offer).media.first?.connection.isUnspecified == true)
        let output = try rewrite(offer, [relayed { ($0.address, $0.direction) = (.unspecified(.ipv4), .sendonly) }])
        #expect(output.contains("m=audio 30000 RTP/AVP 8 0 101\nc=IN IP4 0.0.0.0\n"))
        #expect(output.contains("\na=sendonly\n"))
    }

    @Test func fax() throws {
        let offer = session("m=image 4100 udptl t38\na=T38FaxVersion:0\na=sendrecv\na=T38FaxUdpEC:t38UDPRedundancy")
        let output = try rewrite(offer, [relayed()])
        #expect(
            output.hasSuffix(
                """
                m=image 30000 udptl t38
                c=IN IP4 203.0.113.1
                a=T38FaxVersion:0
                a=sendrecv
                a=T38FaxUdpEC:t38UDPRedundancy

                """))
    }

    @Test func verbatimSectionGetsTheSessionAddress() throws {
        let message = "m=message 2855 TCP/MSRP *\ni=chat\na=path:msrp://198.51.100.1:2855/x;tcp\nk=clear:y"
        let output = try rewrite(session(message), [.verbatim])
        #expect(
            output.hasSuffix(
                session(message).replacing("c=IN IP4 198.51.100.1\n", with: "")
                    .replacing("i=chat\n", with: "i=chat\nc=IN IP4 198.51.100.1\n") + "\n"))
        let own = "m=message 2855 TCP/MSRP *\nc=IN IP4 198.51.100.9"
        #expect(try rewrite(session(own), [.verbatim]).hasSuffix(own + "\n"))
    }

    @Test func ipv6() throws {
        let offer = """
            v=0
            o=- 1 1 IN IP6 2001:db8::7
            s=-
            c=IN IP6 2001:db8::7
            t=0 0
            m=audio 4000 RTP/AVP 0
            """
        let output = try rewrite(offer, [relayed { $0.address = relayAddress6 }], origin: relayAddress6)
        #expect(output.contains("o=- 1 1 IN IP6 2001:db8::1\n"))
        #expect(output.contains("c=IN IP6 2001:db8::1\n"))
        #expect(try rewrite(offer, []).contains("c=IN IP6 ::\n"))
    }

    @Test func payloadTypesOfAnAnswer() throws {
        let output = try rewrite(aliceOffer, [relayed { $0.payloadTypes = [101, 8] }])
        #expect(
            output.contains(
                """
                m=audio 30000 RTP/AVP 101 8
                c=IN IP4 203.0.113.1
                a=rtpmap:101 telephone-event/8000
                a=fmtp:101 0-15
                a=rtpmap:8 PCMA/8000
                a=X-foo:bar

                """))
    }

    @Test func secureMediaKeepsItsKeysAndLosesICE() throws {
        let offer = session(
            """
            a=group:BUNDLE 0
            a=ice-lite
            a=fingerprint:sha-256 AA:BB
            m=audio 4000/1 UDP/TLS/RTP/SAVPF 111
            a=rtpmap:111 opus/48000/2
            a=rtcp-fb:* nack
            a=rtcp-fb:111 transport-cc
            a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
            a=extmap-allow-mixed
            a=candidate:1 1 UDP 2130706431 198.51.100.1 4000 typ host
            a=ice-ufrag:abcd
            a=ssrc:1 cname:x
            a=tls-id:1
            a=setup:actpass
            a=rtpmap:nonsense
            """)
        let media = try #require(try parse(offer).media.first)
        #expect(media.hasICE)
        #expect(media.firstCodec == "opus/48000/2")
        #expect(
            try rewrite(offer, [relayed()]).hasSuffix(
                """
                t=0 0
                a=fingerprint:sha-256 AA:BB
                m=audio 30000 UDP/TLS/RTP/SAVPF 111
                c=IN IP4 203.0.113.1
                a=rtpmap:111 opus/48000/2
                a=rtcp-fb:111 transport-cc
                a=extmap-allow-mixed
                a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
                a=rtcp-fb:* nack
                a=ssrc:1 cname:x
                a=sendrecv
                a=rtcp:30001
                a=setup:actpass
                a=tls-id:1

                """))
    }

    @Test func sessionPart() throws {
        let document = try parse(aliceOffer.replacing("t=0 0", with: "t=5 6\na=rtpengine:0123456789ab"))
        #expect(document.session.loopMarker == "0123456789ab")
        var change = SDPRewrite()
        (change.username, change.sessionID, change.version) = ("bob", "7", .number(.max))
        (change.sessionName, change.loopMarker) = ("call", "ba9876543210")
        #expect(
            text(document.composed(with: change)).hasPrefix(
                """
                v=0
                o=bob 7 18446744073709551615 IN IP4 198.51.100.1
                s=call
                t=5 6
                a=rtpengine:ba9876543210
                m=audio 0 
                """))
    }
}
