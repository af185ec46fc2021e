import { describe, expect, it } from "vitest";
import { type PortInput, readPorts } from "../../../sdk/ports.js";

const read = (...ports: PortInput[]) => readPorts("PlacedContainer web: ports", ports);
const port = (containerPort: number, hostPort = 0, more = {}) => ({
  ...{ containerPort, hostPort, protocol: "tcp", hostAddress: "" },
  ...more,
});

describe("ports of a container", () => {
  it.each<[string, PortInput, object[]]>([
    ["a number", 80, [port(80)]],
    ["text", "8080:80", [port(80, 8080)]],
    [
      "an address",
      "127.0.0.1:53:53/udp",
      [port(53, 53, { protocol: "udp", hostAddress: "127.0.0.1" })],
    ],
    ["an address of IPv6", "[::1]:80:80", [port(80, 80, { hostAddress: "::1" })]],
    ["a range", "8000-8002", [port(8000), port(8001), port(8002)]],
    [
      "two ranges",
      "9000-9001:8000-8001/udp",
      [port(8000, 9000, { protocol: "udp" }), port(8001, 9001, { protocol: "udp" })],
    ],
    ["an object of ranges", { container: "80-81", host: "90-91" }, [port(80, 90), port(81, 91)]],
    ["one port as text", { container: "80", host: 90 }, [port(80, 90)]],
  ])("are read from %s", (_what, given, expected) => {
    expect(read(given)).toEqual({ ports: expected, ingress: [] });
  });

  it("that are open on every host are not published by the container's own", () => {
    expect(
      read(70, { container: "80-81", host: "90-91", mode: "ingress", protocol: "udp" }),
    ).toEqual({
      ports: [port(70), port(80, 0, { protocol: "udp" }), port(81, 0, { protocol: "udp" })],
      ingress: [
        { containerPort: 80, hostPort: 90, protocol: "udp" },
        { containerPort: 81, hostPort: 91, protocol: "udp" },
      ],
    });
  });

  it.each<[PortInput, string]>([
    [
      "http",
      '"http" is not a port; write "80", "8080:80", "8000-8010:8000-8010" or "127.0.0.1:8080:80/tcp"',
    ],
    ["8000-8010:80", "8000-8010 has 11 ports and 80 has 1: ranges must be of one length"],
    ["8010-8000", "8010-8000 is no range: it must go up, to 65535 at most"],
    [{ container: "eighty" }, '"eighty" is no port; write 80 or "8000-8010"'],
    [
      { container: 80, mode: "ingress" },
      'mode "ingress" needs `host`, the port that is open on every host',
    ],
    [
      { container: 80, host: 80, hostAddress: "10.0.0.1", mode: "ingress" },
      'mode "ingress" is open on all addresses of every host: take out hostAddress',
    ],
  ])("%j is refused", (given, reason) => {
    expect(() => read(given)).toThrow(`PlacedContainer web: ports[0]: ${reason}`);
  });
});
