//! Connection strings: what psql can read, vital can read.

use super::cases::Case;

/// Whether psql got past reading the string: it then fails to reach the server, which does not exist.
fn psql_reads(text: &str) -> bool {
    let complaint = case(text).psql().expect_err(text);
    complaint.contains("connection to server") || complaint.contains("could not translate host name")
}

/// A server that does not exist fills in what the string leaves open.
fn case(text: &str) -> Case {
    Case::new(text)
        .with("PGHOST", "/nonexistent")
        .with("PGUSER", "me")
        .with("PGCONNECT_TIMEOUT", "1")
}

#[test]
fn same_strings_are_read_as_psql_reads() {
    for text in [
        "postgresql://",
        "postgres:///db",
        "postgresql://?host=/nonexistent",
        "postgresql://u:p@%2Fnonexistent/db",
        "postgresql://u%2B:p%40@%2Fnonexistent/d%2Fb?sslmode=disable&connect_timeout=2",
        "postgresql://u@%2Fnonexistent,%2Fother/db",
        "postgresql://u@%2Fnonexistent:1,%2Fother:2/db",
        "postgresql:///db?host=/nonexistent&ssl=true",
        "postgresql://u@/db",
        "postgresql://:p@/db",
        "host=/nonexistent",
        "host = '/nonexistent'   port= 5433",
        "host='/nonexi\\stent' password='a b\\'c' options='-c search_path=x\\ y'",
        "host=/nonexistent,/other port=1,2",
        "host=/nonexistent,/other port=1",
        "host=/nonexistent port=",
        "host='' user=x",
        "host=/nonexistent target_session_attrs=prefer-standby",
        "host=/nonexistent keepalives=0 keepalives_idle=1 keepalives_interval=1 keepalives_count=3 tcp_user_timeout=5",
        "host=/nonexistent gssencmode=disable krbsrvname=x sslcompression=0 sslsni=0",
        "host=/nonexistent client_encoding=UTF8 fallback_application_name=x replication=false",
        "host=/nonexistent ssl_min_protocol_version=TLSv1 ssl_max_protocol_version=TLSv1.3",
        "host=/nonexistent channel_binding=prefer",
        "host=/nonexistent requiressl=1",
    ] {
        assert!(psql_reads(text), "{text}");
        case(text)
            .settings()
            .unwrap_or_else(|error| panic!("{text}: {error:?}"));
    }
}

#[test]
fn same_strings_are_refused_as_psql_refuses() {
    for text in [
        "postgresql://u:p@host:port/db",
        "postgresql://[::1/db",
        "postgresql://[::1]x/db",
        "postgresql://u%zz@host/db",
        "postgresql://u%2@host/db",
        "postgresql://u%00@host/db",
        "postgresql://host/db?x=y",
        "postgresql://host/db?sslmode",
        "postgresql://host/db?sslmode=a=b",
        "postgresql://host/db?sslmode=wrong",
        "postgresql://host:70000/db",
        "host=a user",
        "host=a user='x",
        "host=a hots=b",
        "host=a,b port=1,2,3",
        "host=a,b hostaddr=127.0.0.1",
        "host=a hostaddr=name",
        "host=a port=x",
        "host=a port=0",
        "host=a port=-1",
        "host=a sslmode=x",
        "host=a target_session_attrs=x",
        "host=a channel_binding=x",
        "host=a ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2",
        "host=a service=unknown",
    ] {
        assert!(!psql_reads(text), "{text}");
        assert!(case(text).settings().is_err(), "{text}");
    }
}
