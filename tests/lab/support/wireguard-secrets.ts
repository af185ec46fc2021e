import { afterAll, beforeAll, expect, it } from "vitest";
import type { VirtualNetworkState } from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { TestLab } from "../../support/lab.js";
import {
  closeTransports,
  inContainer,
  networkInputs,
  runContainer,
  traces,
} from "./network-world.js";

/** Says whether a text passes a host's link within the seconds: arguments link, seconds, text. */
const SNIFF = `
my ($link, $seconds, $text) = @ARGV;
socket(my $s, 17, 3, unpack("n", pack("S", 0x0003))) or die "socket: $!";
open(my $index, "<", "/sys/class/net/$link/ifindex") or die; chomp(my $i = <$index>);
bind($s, pack("SnlSCCa8", 17, 0x0003, $i, 0, 0, 0, "")) or die "bind: $!";
my ($frames, $seen) = (0, 0);
$SIG{ALRM} = sub { print "$frames frames, ", ($seen ? "seen" : "not seen"), "\\n"; exit 0 };
$| = 1; print "listening\\n"; alarm $seconds;
while (1) { recv($s, my $frame, 65536, 0); $frames++; $seen = 1 if index($frame, $text) >= 0; }`;

/** What makes the driver worth its price: nothing in clear on the hosts' link, keys that nobody else has, new keys. */
export function wireguardSecrets(lab: TestLab): void {
  const canary = "canary-of-clocker";
  let state: VirtualNetworkState;
  let before: string;

  beforeAll(async () => {
    before = await traces(lab, "h1");
    const inputs = networkInputs(lab, "vault", {
      driver: "wireguard",
      vni: 131,
      net: "10.131",
      mtu: 1440,
      hostNames: ["h1", "h2"],
    });
    state = (await lifecycle.create(inputs)).outs;
    await runContainer(lab, "h1", "vault-1", state, "10.131.1.10");
    await runContainer(lab, "h2", "vault-2", state, "10.131.2.10");
  });
  afterAll(closeTransports);

  /** What a listener on a link of h2 says while the canary is sent from h1 to h2. */
  const listen = async (link: string): Promise<string> => {
    const server = "nc -l -p 7000 -w 4 >/dev/null";
    const served = inContainer(lab, "h2", "vault-2", "sh", "-c", server);
    const heard = lab.sh("h2", "perl", "-e", SNIFF, link, "3", canary);
    await new Promise((done) => setTimeout(done, 1000));
    const send = `echo ${canary} | nc -w 1 10.131.2.10 7000`;
    await inContainer(lab, "h1", "vault-1", "sh", "-c", send);
    await served;
    return heard;
  };

  it("what containers say is not to be read on the hosts' link", async () => {
    const [outside, inside] = [await listen("eth0"), await listen("cnb131")];
    expect(outside).toMatch(/^listening\n[1-9]\d* frames, not seen$/);
    expect(inside, "the listener can hear").toMatch(/frames, seen$/);
  });

  it("private keys are readable by root alone, and neither in the state nor in an argument", async () => {
    const key = await lab.sh("h1", "cat", "/var/lib/clocker/net/131/wg-1.key");
    expect(key).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(await lab.sh("h1", "stat", "-c", "%a %U", "/var/lib/clocker/net/131/wg-1.key")).toBe(
      "600 root",
    );
    expect(JSON.stringify(state)).not.toContain(key);
    const processes = await lab.sh(
      "h1",
      "sh",
      "-c",
      "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '",
    );
    expect(processes).not.toContain(key);
    expect(state.facts?.["h1"]?.["publickey"]).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  it("new keys come without a lost packet, and the old ones are gone", async () => {
    const old = state.facts;
    const pings = inContainer(
      ...([lab, "h1", "vault-1", "ping"] as const),
      ...["-c", "60", "-i", "0.1", "-W", "10", "10.131.2.10"],
    );
    await new Promise((done) => setTimeout(done, 500));
    const news = { ...state, driverOptions: { keyVersion: 2 } };
    state = (await lifecycle.update("vault-131", state, news)).outs;
    expect((await pings).text).toMatch(
      /60 packets transmitted, 60 packets received, 0% packet loss/,
    );
    for (const host of ["h1", "h2"]) {
      expect(state.facts?.[host]?.["publickey"]).not.toBe(old?.[host]?.["publickey"]);
      expect(await lab.sh(host, "sh", "-c", "ls /var/lib/clocker/net/131/*.key")).toBe(
        "/var/lib/clocker/net/131/wg-2.key",
      );
      expect(await lab.sh(host, "wg", "show", "interfaces")).toBe("cnx131");
    }
    expect((await lifecycle.read("vault-131", state)).props?.problems).toBeUndefined();
  });

  it("a packet from a host that is no peer is dropped", async () => {
    const h1 = lab.host("h1").address;
    await lab.sh("h3", "ip", "route", "add", "10.131.1.0/24", "via", h1);
    const knock = await lab.exec("h3", ["ping", "-c", "1", "-W", "1", "10.131.1.10"]);
    await lab.sh("h3", "ip", "route", "del", "10.131.1.0/24");
    expect(knock.code).not.toBe(0);
  });

  it("leaves nothing", async () => {
    await lab.sh("h1", "docker", "rm", "-f", "vault-1");
    await lab.sh("h2", "docker", "rm", "-f", "vault-2");
    await lifecycle.delete("vault-131", state);
    expect(await traces(lab, "h1")).toBe(before);
  });
}
