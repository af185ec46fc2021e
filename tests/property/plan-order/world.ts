/**
 * Loaded into the provider's process before anything else (`node --require`): three hosts in memory that have all they
 * need stand in the place of real connections. The lifecycles, and the engine that calls them, are the real ones.
 */
import { OBSERVE_SCRIPT } from "../../../provider/host/observe-script.js";
import { COMMON_PROGRAMS } from "../../../provider/network/requirements.js";
import { PROBE_SCRIPT } from "../../../provider/resources/docker-host/probe-script.js";
import { FakeNetworkHosts } from "../../unit/network/fake-network.js";

const PROGRAMS = ["docker", "dockerd", "apt-get", ...Object.keys(COMMON_PROGRAMS)];
const SETTINGS = JSON.stringify({ "log-opts": { "max-size": "5m", "max-file": "2" } });

async function install(names: readonly string[]): Promise<void> {
  const world = await FakeNetworkHosts.install(...names);
  for (const [index, name] of names.entries()) {
    const host = world.fakes.host(name);
    host.docker.addImage("app:1");
    host.onExec(({ script }) => {
      if (script === OBSERVE_SCRIPT)
        return {
          stdout: `hostname ${name}\ncpus 4\nmemory 8388608\narch x86_64\nkernel 6.1\nos.name Debian 12\naddress 10.0.0.${index + 1}\nmtu 1500\n`,
        };
      if (script === PROBE_SCRIPT)
        return {
          stdout: [
            ...PROGRAMS.map((program) => `command ${program}`),
            "forward 1",
            "sysctl net.ipv4.ip_forward = 1",
            "os.id debian",
            "os.name Debian 12",
            "daemon.json",
            SETTINGS,
          ].join("\n"),
        };
      return undefined;
    });
  }
}

void install(["h1", "h2", "h3"]);
