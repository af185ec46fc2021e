/**
 * What a host asks of Weave's router, by the HTTP interface that the script `weave` uses as well. The script itself
 * starts a container for each call, so it is run only to launch and to end the router.
 */
export const WEAVE_API_PART = `
WEAVE_HTTP=127.0.0.1:6784

# $1 method, $2 path, $3 form. Prints the answer; fails where there is none or it is a refusal.
weave_ask() {
  perl -MIO::Socket::INET -e '
    my ($at, $method, $path, $form) = @ARGV;
    $SIG{ALRM} = sub { exit 1 }; alarm 10;
    my $s = IO::Socket::INET->new(PeerAddr => $at, Timeout => 3) or exit 1;
    print $s "$method $path HTTP/1.0\\r\\nHost: $at\\r\\nContent-Type: application/x-www-form-urlencoded\\r\\nContent-Length: "
      . length($form) . "\\r\\n\\r\\n$form";
    my $answer = join("", <$s>);
    my ($head, $body) = split(/\\r?\\n\\r?\\n/, $answer, 2);
    print $body if defined $body;
    exit(($head // "") =~ m{^HTTP/\\S+ 2} ? 0 : 1)' "$WEAVE_HTTP" "$1" "$2" "\${3-}"
}

# The same for many that have no form, lines "method path", until one is refused.
weave_ask_each() { while read -r method path; do weave_ask "$method" "$path" >/dev/null || fail "Weave's router refuses $method $path"; done; }

weave_runs() { weave_ask GET /status >/dev/null 2>&1; }

# $1 a line's name in the router's status, such as Range
weave_says() { weave_ask GET /status | sed -n "s/^ *$1: //p"; }

# Underlay addresses of the routers that ours has a working connection to.
weave_connected() {
  weave_ask GET /status/connections | sed -n 's/^[<>-]* *\\([0-9.]*\\):[0-9]* *established.*/\\1/p' | sort -u
}

# $1 underlay address: whether a router listens there.
weave_listens() { perl -MIO::Socket::INET -e 'exit(IO::Socket::INET->new(PeerAddr => "$ARGV[0]:6783", Timeout => 1) ? 0 : 1)' "$1"; }

# $1 underlay address of a host: the name that its router is launched with, which looks like a MAC.
weave_name() { printf '02:63:%02x:%02x:%02x:%02x\\n' $(echo "$1" | tr . ' '); }
`;
