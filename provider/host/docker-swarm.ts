import { segment, type CallOptions } from "./docker-calls.js";
import { ImageCalls } from "./docker-images.js";
import type { SwarmNode } from "./docker-types.js";

/** The swarm that a daemon makes or joins, for the `swarm` network driver. */
export abstract class SwarmCalls extends ImageCalls {
  /** Makes a swarm of this daemon alone, which carries the labels from its first moment on. */
  async initSwarm(
    address: string,
    labels: Record<string, string>,
    options: CallOptions = {},
  ): Promise<void> {
    await this.post("/swarm/init", "make a swarm", options, {
      body: { ...swarmAddresses(address), Spec: { Name: "default", Labels: labels } },
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

  /** Docker refuses a manager without `force`, with which the swarm may lose its majority or end. */
  async leaveSwarm(force: boolean, options: CallOptions = {}): Promise<void> {
    await this.post("/swarm/leave", "leave the swarm", options, { query: { force } });
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

  /** How many services, secrets and configs the swarm holds. */
  async countHeld(options: CallOptions = {}): Promise<number> {
    const lists = await Promise.all([
      this.get<unknown[] | null>("/services", "list the swarm's services", options),
      this.get<unknown[] | null>("/secrets", "list the swarm's secrets", options),
      this.get<unknown[] | null>("/configs", "list the swarm's configs", options),
    ]);
    return lists.flatMap((list) => list ?? []).length;
  }

  async updateNode(
    node: SwarmNode,
    spec: SwarmNode["Spec"],
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/nodes/${segment(node.ID)}/update`,
      `change node ${node.Status.Addr}`,
      options,
      {
        query: { version: node.Version.Index },
        body: spec,
      },
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
