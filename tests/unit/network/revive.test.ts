import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { AGENT_PART } from "../../../provider/network/program/agent.js";
import { SWARM_PART } from "../../../provider/network/swarm/link.js";

/** Containers on the network that do not run, by id: restart policy and Docker's reason, as `docker inspect` gives them. */
type Exited = Record<string, string>;

/** Which of them the program starts on a host where Docker has just started. Those whose start fails too are in `broken`. */
function revived(exited: Exited, broken: string[] = []): string[] {
  const answers = Object.entries(exited).map(([id, said]) => `${id}) echo '${said}' ;;`);
  const program = `set -eu
network=app vni=101
is() { "$@" >/dev/null 2>&1; }
docker() {
  case $1 in
    ps) echo "${Object.keys(exited).join(" ")}" ;;
    inspect) shift 3; case $1 in ${answers.join(" ")} *) return 1 ;; esac ;;
    start) echo "$2" >&3; case " ${broken.join(" ")} " in *" $2 "*) return 1 ;; esac ;;
  esac
}
${AGENT_PART}${SWARM_PART}
exec 3>&1
revive_swarm`;
  return execFileSync("sh", ["-c", program], { encoding: "utf8" }).split("\n").filter(Boolean);
}

describe("containers that Docker could not start, because the swarm was not there yet", () => {
  it("are started, whichever sentence Docker has for it", () => {
    const reasons = {
      late: "attaching to network failed, make sure your network options are correct and check manager logs: context deadline exceeded",
      silent:
        "Could not attach to network app-101: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
      unknown: "network app-101 not found",
      leaving: "invalid cluster node while attaching to network",
    };
    const exited = Object.entries(reasons).map(([id, reason]) => [id, `always ${reason}`]);
    expect(revived(Object.fromEntries(exited) as Exited)).toEqual(Object.keys(reasons));
  });

  it("are left alone where they were stopped, are to stay so, or failed for something else", () => {
    const exited = {
      stopped: "always ",
      once: "no attaching to network failed",
      retried: "on-failure attaching to network failed",
      port: "unless-stopped driver failed programming external connectivity: port is already allocated",
    };
    expect(revived(exited)).toEqual([]);
  });

  it("do not wait for one that cannot be started or is gone", () => {
    const exited = {
      first: "always network x not found",
      last: "unless-stopped network x not found",
    };
    expect(revived(exited, ["first"])).toEqual(["first", "last"]);
  });
});
