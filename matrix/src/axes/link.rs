//! What the link does, at a few places each: the sweep (`crate::sweep`) has all places, this axis
//! crosses them with everything else.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, ContentType, ProtocolVersion as V};
use shakedown::link::{Act, At, Bytes, Flip, Op};
use shakedown::scenario::Scenario;

use super::{Axis, LINK_OP, Value, axis};

pub(super) fn axis() -> Axis {
    const ALERT: AlertDescription = AlertDescription::handshake_failure;
    axis! { LINK_OP;
        "none" => |_| (),
        "fragment-client-0" => |s| client(s, 0, Act::Fragment(1)),
        "fragment-server-0" => |s| server(s, 0, Act::Fragment(1)),
        "split-server-0" => |s| server(s, 0, Act::Split(3)),
        "merge-server-0" => |s| server(s, 0, Act::Merge),
        "delay-client-1" => |s| client(s, 1, Act::Delay),
        "drop-client-1" => |s| client(s, 1, Act::Drop),
        "drop-server-1" => |s| server(s, 1, Act::Drop),
        "drop-server-2" => |s| server(s, 2, Act::Drop),
        "duplicate-client-0" => |s| client(s, 0, Act::Duplicate),
        "duplicate-server-2" => |s| server(s, 2, Act::Duplicate),
        "swap-client-1" => |s| client(s, 1, Act::Swap),
        "swap-server-2" => |s| server(s, 2, Act::Swap),
        "stall-client-2" => |s| client(s, 2, Act::Stall(3)),
        "stall-server-0" => |s| server(s, 0, Act::Stall(0)),
        "cut-client-1" => |s| client(s, 1, Act::Cut(0)),
        "cut-server-1" => |s| server(s, 1, Act::Cut(6)),
        "close-server-0" => |s| server(s, 0, Act::Close(5)),
        "type-client-0" => |s| client(s, 0, Act::Type(ContentType(99))),
        "type-server-0" => |s| server(s, 0, Act::Type(ContentType::alert)),
        "version-client-0" => |s| client(s, 0, Act::Version(V(0x0203))),
        "version-server-1" => |s| server(s, 1, Act::Version(V(0x0305))),
        "oversize-client-0" => |s| client(s, 0, Act::Length(20_000)),
        "oversize-server-2" => |s| server(s, 2, Act::Length(20_000)),
        // By then no message travels in the clear any more, in any kind of handshake.
        "corrupt-client-4" => |s| client(s, 4, Act::Body(Flip { at: -1, bits: 1 })),
        "corrupt-server-7" => |s| server(s, 7, Act::Body(Flip { at: -1, bits: 1 })),
        "alert-to-client" => |s| server(s, 0, Act::Inject(Bytes::FatalAlert(ALERT))),
        "alert-to-server" => |s| client(s, 1, Act::Inject(Bytes::FatalAlert(ALERT))),
        "close-notify-to-client" => |s| {
            server(s, 0, Act::Inject(Bytes::Warning(AlertDescription::close_notify)));
        },
        "ccs-to-client" => |s| server(s, 0, Act::Inject(Bytes::ChangeCipherSpec)),
        "ccs-to-server" => |s| client(s, 0, Act::Inject(Bytes::ChangeCipherSpec)),
        "data-to-client" => |s| server(s, 2, Act::Inject(Bytes::ApplicationData)),
        "data-to-server" => |s| client(s, 1, Act::Inject(Bytes::ApplicationData)),
        "empty-to-client" => |s| server(s, 2, Act::Inject(Bytes::EmptyHandshake)),
        "http-to-client" => |s| server(s, 0, Act::Replace(Bytes::HttpResponse)),
        "http-to-server" => |s| client(s, 0, Act::Replace(Bytes::HttpRequest)),
        "connect-to-server" => |s| client(s, 0, Act::Replace(Bytes::HttpConnect)),
        "http-port" => |s| client(s, 0, Act::Answer(Bytes::HttpResponse)),
        "smtp-port" => |s| client(s, 0, Act::Answer(Bytes::SmtpBanner)),
    }
}

fn client(scenario: &mut Scenario, record: u32, act: Act) {
    set(scenario, Role::Client, record, act);
}

fn server(scenario: &mut Scenario, record: u32, act: Act) {
    set(scenario, Role::Server, record, act);
}

fn set(scenario: &mut Scenario, from: Role, record: u32, act: Act) {
    scenario.link.ops = vec![Op {
        from,
        at: At::Record(record),
        act,
    }];
}
