import type { TestLab } from "../../support/lab.js";

/** Reads lines "address port", tries 500 at a time, and prints those that take a connection within 1.5 s. */
const SCAN = `
use Socket qw(:all); use IO::Select;
my @todo = map { [split] } <STDIN>;
while (my @some = splice @todo, 0, 500) {
  my ($waiting, %of) = (IO::Select->new);
  for my $target (@some) {
    socket(my $s, PF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) or die $!;
    connect($s, sockaddr_in($target->[1], inet_aton($target->[0])));
    $waiting->add($s); $of{$s} = $target;
  }
  my $end = time + 2;
  while ($waiting->count && time < $end) {
    for my $s ($waiting->can_write(0.5)) {
      print "@{$of{$s}}\\n" if unpack("i", getsockopt($s, SOL_SOCKET, SO_ERROR)) == 0;
      $waiting->remove($s);
    }
  }
}`;

/** Which TCP ports of an address take connections from a lab host, ascending. */
export async function openPorts(
  lab: TestLab,
  from: string,
  address: string,
  ports: readonly number[],
): Promise<number[]> {
  const { code, stdout, stderr } = await lab.exec(
    from,
    ["perl", "-e", SCAN],
    ports.map((port) => `${address} ${port}\n`).join(""),
  );
  if (code !== 0) throw new Error(`the ports of ${address} could not be tried: ${stderr}`);
  const open = stdout.split("\n").filter((line) => line !== "");
  return open.map((line) => Number(line.split(" ")[1])).sort((a, b) => a - b);
}
