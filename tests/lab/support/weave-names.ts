import { afterAll, beforeAll, expect, it } from "vitest";
import { dockerNetworkName } from "../../../provider/network/names.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { TestLab } from "../../support/lab.js";
import { closeTransports, inContainer, networkInputs, runContainer } from "./network-world.js";
import { WEAVE_OPTIONS } from "./weave-net.js";

/** weaveDNS as the name server of two networks on two hosts, beyond what every name server has to do. */
export function weaveNames(lab: TestLab): void {
  const hostNames = ["h1", "h2"];
  const inputsOf = (name: string, vni: number, net: string): VirtualNetworkInputs =>
    networkInputs(lab, name, {
      ...{ driver: "weave", vni, net, mtu: 1376, driverOptions: WEAVE_OPTIONS, hostNames },
      ...{ names: "weave", domain: `${name}.weave.local` },
      records: { [`${name}-1`]: [`${net}.1.10`], [`${name}-2`]: [`${net}.2.10`] },
    });
  let app: VirtualNetworkInputs;
  let other: VirtualNetworkInputs;
  const states: VirtualNetworkState[] = [];
  /** What Docker's resolver in the container gets from a server that is gone, upon which it asks the next one. */
  const refusal = async () => {
    const pid = await lab.sh("h1", "docker", "inspect", "-f", "{{.State.Pid}}", "asker");
    const ask = `my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "10.106.1.1:53");
      $s->send("?"); $SIG{ALRM} = sub { print "silence"; exit }; alarm 3;
      defined($s->recv(my $answer, 512)) ? print "an answer" : print "$!"`;
    return lab.sh("h1", "nsenter", "-t", pid.trim(), "-n", "perl", "-MIO::Socket::INET", "-e", ask);
  };
  const asked = (name: string) => inContainer(lab, "h1", "asker", "nslookup", name);

  beforeAll(async () => {
    app = inputsOf("app", 106, "10.106");
    other = inputsOf("other", 107, "10.107");
    for (const inputs of [app, other]) states.push((await lifecycle.create(inputs)).outs);
    const asks = ["--dns", "10.106.1.1", "--dns-search", app.domain];
    await runContainer(lab, "h1", "asker", app, "10.106.1.10", ...asks);
  });
  afterAll(async () => {
    await lab.sh("h1", "docker", "rm", "-f", "asker");
    await Promise.all(
      states.map((state) => lifecycle.delete(dockerNetworkName(state.networkId, state.vni), state)),
    );
    await closeTransports();
  });

  it("short names are of the container's own network, and the full name of another one is told to whoever asks", async () => {
    expect((await asked("app-2")).text).toContain("10.106.2.10");
    expect((await asked("other-2")).text).not.toContain("10.107.2.10");
    expect((await asked(`other-2.${other.domain}`)).text).toContain("10.107.2.10");
  });

  it("a router that dies is noticed at once, and the next one is told the names of its host", async () => {
    expect(await lab.sh("h1", "weave", "status", "dns")).toMatch(/^app-1\.app +10\.106\.1\.10 /m);
    await lab.sh(
      "h1",
      "sh",
      "-c",
      "docker kill weave 2>/dev/null || kill -9 $(cat /run/weave-standin.pid)",
    );
    expect(await refusal()).toBe("Connection refused");
    const seen = await lifecycle.read("app-106", states[0]!);
    expect(seen.props?.problems?.["h1"]).toContain("Weave's router is not running");
    // as Docker does with the real one
    await lab.sh("h1", "sh", "-c", "docker start weave 2>/dev/null || setsid /etc/rc2.d/S00weave");
    await expect
      .poll(async () => (await asked("app-1")).text, { timeout: 20_000 })
      .toContain("10.106.1.10");
    await expect
      .poll(async () => (await lifecycle.read("app-106", states[0]!)).props?.problems, {
        timeout: 20_000,
      })
      .toBeUndefined();
  });
}
