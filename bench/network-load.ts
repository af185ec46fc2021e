import type { DockerClient } from "../provider/host/docker.js";

/** A container that answers (iperf3, redis-server), and one on another host that asks it. */
export interface Path {
  client: DockerClient;
  container: string;
  address: string;
}

/** One way to load a path. More is better. */
export interface Load {
  name: string;
  unit: string;
  measure(path: Path): Promise<number>;
}

/** Bytes of a datagram: packets are counted, not bytes. */
const SMALL = 64;

export const ONE_STREAM: Load = {
  name: "one TCP stream",
  unit: "Gb/s",
  measure: async (path) => (await iperf(path, [])).sum_received.bits_per_second / 1e9,
};

/** What else two containers may do: many streams, small packets, one question after the other. */
export const OTHER_LOADS: readonly Load[] = [
  {
    name: "four TCP streams",
    unit: "Gb/s",
    measure: async (path) => (await iperf(path, ["-P", "4"])).sum_received.bits_per_second / 1e9,
  },
  {
    name: `UDP, ${SMALL} bytes, received`,
    unit: "packets/s",
    measure: async (path) => {
      const { sum } = await iperf(path, ["-u", "-b", "0", "-l", String(SMALL)]);
      return (sum.packets - sum.lost_packets) / sum.seconds;
    },
  },
  {
    name: "question and answer (Redis), one at a time",
    unit: "1/s",
    measure: async (path) => {
      const count = ["-n", "4000", "-c", "1", "-t", "ping_mbulk", "--csv"];
      const out = await ask(path, ["redis-benchmark", "-h", path.address, ...count]);
      const [, rate] = /^"PING_MBULK","([\d.]+)"/m.exec(out) ?? [];
      if (rate === undefined) throw new Error(`redis-benchmark said: ${out}`);
      return Number(rate);
    },
  },
];

interface IperfEnd {
  sum_received: { bits_per_second: number };
  /** Of UDP. */
  sum: { packets: number; lost_packets: number; seconds: number };
}

async function iperf(path: Path, more: readonly string[]): Promise<IperfEnd> {
  const argv = ["iperf3", "-c", path.address, "-t", "1", "-O", "0.5", "-J", ...more];
  return (JSON.parse(await ask(path, argv)) as { end: IperfEnd }).end;
}

/** The server needs a moment to start, and to end the test before. */
async function ask({ client, container }: Path, argv: readonly string[]): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const result = await client.exec(container, [...argv]);
    if (result.code === 0) return result.stdout;
    if (attempt === 10) throw new Error(`${argv.join(" ")}: ${result.stdout}${result.stderr}`);
    await new Promise((done) => setTimeout(done, 300));
  }
}
