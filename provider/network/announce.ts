import { CloudError } from "../errors.js";
import type { Transport } from "../host/transport.js";
import { macOf } from "./names.js";

/** A container's address that may have been somewhere else before. */
export interface Announcement {
  /** Process id of the container on its host. */
  pid: number;
  address: string;
  /** What the network is called, for messages. */
  network: string;
}

/**
 * Tells everyone on the network where an address is now: a gratuitous ARP from inside the container, flooded to all
 * hosts, corrects what bridges and VXLAN links have learned. Without it a moved address is a black hole for up to 36
 * seconds. One line a container on standard input: pid and address. perl-base is part of every Debian system.
 */
const ANNOUNCE = `failed=0
while read -r pid address mac; do
  device=$(nsenter -t "$pid" -n ip -o -4 addr show to "$address/32" 2>/dev/null | sed -n '1s/^[0-9]*: *\\([^ ]*\\) .*/\\1/p')
  if [ -z "$device" ]; then echo "$pid $address"; failed=1; continue; fi
  real=$(nsenter -t "$pid" -n ip -o link show dev "$device" | sed -n 's/.*link\\/ether \\([^ ]*\\) .*/\\1/p')
  nsenter -t "$pid" -n perl -e '
    my ($index, $mac, $address) = @ARGV;
    my $hw = pack("H12", $mac =~ s/://gr);
    my $ip = pack("C4", split(/\\./, $address));
    socket(my $s, 17, 3, unpack("n", pack("S", 0x0806))) or die "socket: $!";
    for my $op (1, 2) {
      my $frame = "\\xff" x 6 . $hw . pack("n", 0x0806) . pack("nnCCn", 1, 0x0800, 6, 4, $op) . $hw . $ip . "\\xff" x 6 . $ip;
      send($s, $frame, 0, pack("SnlSCCa8", 17, 0x0806, $index, 1, 0, 6, "\\xff" x 6)) or die "send: $!";
    }' "$(nsenter -t "$pid" -n ip -o link show dev "$device" | sed 's/:.*//')" "\${real:-$mac}" "$address" || failed=1
done
exit $failed`;

interface Waiting {
  announcement: Announcement;
  resolve: () => void;
  reject: (error: unknown) => void;
}

interface Queue {
  waiting: Waiting[];
  running: boolean;
}

const queues = new WeakMap<Transport, Queue>();

/** Announces an address. Calls for one host that come while another is under way go together in the next command. */
export function announce(transport: Transport, announcement: Announcement): Promise<void> {
  const queue = queues.get(transport) ?? { waiting: [], running: false };
  queues.set(transport, queue);
  return new Promise((resolve, reject) => {
    queue.waiting.push({ announcement, resolve, reject });
    if (!queue.running) void drain(transport, queue);
  });
}

async function drain(transport: Transport, queue: Queue): Promise<void> {
  queue.running = true;
  // Whatever else starts in this turn of the event loop comes along.
  await Promise.resolve();
  while (queue.waiting.length > 0) {
    const batch = queue.waiting.splice(0);
    try {
      await send(transport, batch);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  queue.running = false;
}

async function send(transport: Transport, batch: Waiting[]): Promise<void> {
  const lines = batch.map(
    ({ announcement: { pid, address } }) => `${pid} ${address} ${macOf(address)}\n`,
  );
  const result = await transport.script(ANNOUNCE, [], {
    stdin: lines.join(""),
    timeoutMs: 30_000,
  });
  const missing = new Set(result.stdout.split("\n"));
  for (const { announcement, resolve, reject } of batch) {
    const { pid, address, network } = announcement;
    const gone = missing.has(`${pid} ${address}`);
    if (!gone && (result.code === 0 || missing.size > 1)) resolve();
    else
      reject(
        new CloudError(
          "command",
          gone
            ? `cannot announce ${address} on network ${network}: the container does not have it`
            : `cannot announce ${address} on network ${network}`,
          {
            host: transport.connection.name,
            reasons: result.stderr.trim() === "" ? [] : [result.stderr.trim()],
            hint: "Run pulumi up again.",
          },
        ),
      );
  }
}
