import { segment, type CallOptions } from "./docker-calls.js";
import { ImageCalls } from "./docker-images.js";
import type { SwarmNode } from "./docker-types.js";

/** The swarm that a daemon makes or joins, for the `swarm` network driver. */
export abstract class SwarmCalls extends ImageCalls {
  /** Makes a swarm of this daemon alone. */
  async initSwarm(address: string, options: CallOptions = {}): Promise<void> {
    await this.post("/swarm/init", "make a swarm", options, {
      body: { ...swarmAddresses(address), Spec: { Name: "default" } },
    });
  }

  async joinSwarm(
    address: string,
    managers: readonly string[],
    token: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.post("/swarm/join", "join the swarm", options, {
      body: { ...swarmAddresses(address), RemoteAddrs: managers, JoinToken: token },
    });
  }

  async leaveSwarm(options: CallOptions = {}): Promise<void> {
    await this.post("/swarm/leave", "leave the swarm", options, { query: { force: true } });
  }

  /** What lets others in. Secret. */
  async joinTokens(options: CallOptions = {}): Promise<{ Worker: string; Manager: string }> {
    const swarm = await this.get<{ JoinTokens: { Worker: string; Manager: string } }>(
      "/swarm",
      "describe its swarm",
      options,
    );
    return swarm.JoinTokens;
  }

  async listNodes(options: CallOptions = {}): Promise<SwarmNode[]> {
    return this.get("/nodes", "list the swarm's nodes", options);
  }

  async changeRole(
    node: SwarmNode,
    role: "manager" | "worker",
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/nodes/${segment(node.ID)}/update`,
      `make node ${node.Status.Addr} a ${role}`,
      options,
      { query: { version: node.Version.Index }, body: { ...node.Spec, Role: role } },
    );
  }

  async removeNode(id: string, options: CallOptions = {}): Promise<void> {
    await this.delete(`/nodes/${segment(id)}`, `forget node ${id}`, options, { force: true });
  }
}

/** Everything of the swarm goes by one address of the host. */
function swarmAddresses(address: string) {
  return {
    ListenAddr: `${address}:2377`,
    AdvertiseAddr: `${address}:2377`,
    DataPathAddr: address,
  };
}
